// Programs that the verifier refuses: an endless loop of a panic, and a packet without a check of its length.
#![no_std]
#![no_main]

use aya_ebpf::{
    EbpfContext,
    bindings::xdp_action,
    macros::{tracepoint, xdp},
    programs::{TracePointContext, XdpContext},
};

#[xdp]
pub fn reads_past_end(ctx: XdpContext) -> u32 {
    let first = unsafe { *(ctx.data() as *const u8) };
    if first == 1 { xdp_action::XDP_DROP } else { xdp_action::XDP_PASS }
}

#[tracepoint(category = "sched", name = "sched_process_exec")]
pub fn panics(ctx: TracePointContext) -> u32 {
    let table = [1u32, 2, 3, 4];
    table[(ctx.tgid() & 15) as usize]
}

aya_project::object!();

// An XDP program with a hash and an array for each processor.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::{HashMap, PerCpuArray},
    programs::XdpContext,
};

#[map]
static PACKETS: PerCpuArray<u64> = PerCpuArray::with_max_entries(4, 0);
#[map(name = "LENGTHS")]
static PACKET_LENGTHS: HashMap<u32, u64> = HashMap::with_max_entries(1024, 0);

#[xdp]
pub fn count_packets(ctx: XdpContext) -> u32 {
    let length = (ctx.data_end() - ctx.data()) as u32;
    if let Some(packets) = PACKETS.get_ptr_mut(0) {
        unsafe { *packets += 1 };
    }
    let seen = unsafe { PACKET_LENGTHS.get(length) }.copied().unwrap_or(0);
    let _ = PACKET_LENGTHS.insert(length, seen + 1, 0);
    xdp_action::XDP_PASS
}

aya_project::object!();

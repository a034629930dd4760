// A tracepoint that sends an event to a perf array.
#![no_std]
#![no_main]

use aya_ebpf::{
    EbpfContext,
    helpers::bpf_get_current_comm,
    macros::{map, tracepoint},
    maps::PerfEventArray,
    programs::TracePointContext,
};

#[repr(C)]
pub struct Open {
    pid: u32,
    flags: u32,
    command: [u8; 16],
}

#[map]
static OPENS: PerfEventArray<Open> = PerfEventArray::new(0);

#[tracepoint(category = "syscalls", name = "sys_enter_openat")]
pub fn open_begins(ctx: TracePointContext) -> u32 {
    let flags = unsafe { ctx.read_at::<u64>(32) }.unwrap_or(0) as u32;
    let command = bpf_get_current_comm().unwrap_or([0; 16]);
    let event = Open { pid: ctx.tgid(), flags, command };
    OPENS.output(&ctx, &event, 0);
    0
}

#[tracepoint]
pub fn any_tracepoint(_ctx: TracePointContext) -> u32 {
    0
}

aya_project::object!();

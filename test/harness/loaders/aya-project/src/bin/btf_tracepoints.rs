// A BTF tracepoint that reserves an event in a ring buffer.
#![no_std]
#![no_main]

use aya_ebpf::{
    EbpfContext,
    macros::{btf_tracepoint, map},
    maps::RingBuf,
    programs::BtfTracePointContext,
};

#[map]
static FORKS: RingBuf = RingBuf::with_byte_size(4096, 0);

#[btf_tracepoint(function = "sched_process_fork")]
pub fn task_forks(ctx: BtfTracePointContext) -> i32 {
    if let Some(mut event) = FORKS.reserve::<u32>(0) {
        event.write(ctx.tgid());
        event.submit(0);
    }
    0
}

#[btf_tracepoint(function = "task_rename")]
pub fn task_renames(ctx: BtfTracePointContext) -> i32 {
    let _ = FORKS.output::<u32>(&ctx.tgid(), 0);
    0
}

aya_project::object!();

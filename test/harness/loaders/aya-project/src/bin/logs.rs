// Messages that aya-log sends to user space.
#![no_std]
#![no_main]

use aya_ebpf::{EbpfContext, macros::tracepoint, programs::TracePointContext};
use aya_log_ebpf::{debug, info};

#[tracepoint(category = "sched", name = "sched_process_exec")]
pub fn logs_exec(ctx: TracePointContext) -> u32 {
    info!(&ctx, "process {} of user {}", ctx.tgid(), ctx.uid());
    debug!(&ctx, "no arguments");
    0
}

aya_project::object!();

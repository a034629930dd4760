// A raw tracepoint that records stacks.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, raw_tracepoint},
    maps::{HashMap, StackTrace},
    programs::{RawTracePointContext, tracing::StackIdContext as _},
};

#[map]
static STACKS: StackTrace = StackTrace::with_max_entries(128, 0);
#[map]
static COUNTS: HashMap<i64, u64> = HashMap::with_max_entries(128, 0);

#[raw_tracepoint(tracepoint = "sched_switch")]
pub fn task_switches(ctx: RawTracePointContext) -> i32 {
    if let Ok(stack) = ctx.get_stackid(&STACKS, 0) {
        let _ = COUNTS.insert(stack, 1, 0);
    }
    0
}

aya_project::object!();

// A map that a loader pins by its name.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, tracepoint},
    maps::{Array, HashMap},
    programs::TracePointContext,
};

#[map]
static SHARED: HashMap<u32, u32> = HashMap::pinned(16, 0);
#[map]
static OWN: Array<u32> = Array::with_max_entries(1, 0);

#[tracepoint(category = "sched", name = "sched_process_exec")]
pub fn shares(_ctx: TracePointContext) -> u32 {
    let own = OWN.get(0).copied().unwrap_or(0);
    u32::from(SHARED.insert(0, own, 0).is_err())
}

aya_project::object!();

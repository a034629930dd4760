// A program of a perf event that counts samples.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, perf_event},
    maps::Array,
    programs::PerfEventContext,
};

#[map]
static SAMPLES: Array<u64> = Array::with_max_entries(1, 0);

#[perf_event]
pub fn sample(_ctx: PerfEventContext) -> u32 {
    if let Some(samples) = SAMPLES.get_ptr_mut(0) {
        unsafe { *samples += 1 };
    }
    0
}

aya_project::object!();

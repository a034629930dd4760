// Maps with BTF definitions, which libbpf reads, too.
#![no_std]
#![no_main]

use aya_ebpf::{
    EbpfContext,
    btf_maps::{Array, HashMap, PerCpuArray, RingBuf},
    macros::{btf_map, kprobe},
    programs::ProbeContext,
};

#[btf_map]
static COUNTS: HashMap<u32, u64, 128> = HashMap::new();
#[btf_map]
static TOTALS: Array<u64, 4> = Array::new();
#[btf_map]
static EACH: PerCpuArray<u64, 2> = PerCpuArray::new();
#[btf_map]
static EVENTS: RingBuf<u64, 4096> = RingBuf::new();

#[kprobe(function = "do_unlinkat")]
pub fn counts(ctx: ProbeContext) -> u32 {
    let _ = COUNTS.insert(ctx.tgid(), 1, 0);
    if let Some(total) = TOTALS.get_ptr_mut(0) {
        unsafe { *total += 1 };
    }
    if let Some(total) = EACH.get_ptr_mut(0) {
        unsafe { *total += 1 };
    }
    0
}

#[kprobe(function = "do_unlinkat")]
pub fn sends(ctx: ProbeContext) -> u32 {
    if let Some(mut event) = EVENTS.reserve(0) {
        event.write(u64::from(ctx.tgid()));
        event.submit(0);
    }
    0
}

aya_project::object!();

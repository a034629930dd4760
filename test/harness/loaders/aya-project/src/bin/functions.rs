// Functions of their own, which programs share, and copies of memory through functions of aya.
#![no_std]
#![no_main]

use aya_ebpf::{
    EbpfContext,
    macros::{kprobe, map, tracepoint},
    maps::HashMap,
    programs::{ProbeContext, TracePointContext},
};

#[map]
static SEEN: HashMap<u64, [u8; 200]> = HashMap::with_max_entries(16, 0);

#[inline(never)]
fn mixes(value: u64, times: u64) -> u64 {
    let mut mixed = value;
    for step in 0..(times & 7) {
        mixed = mixed.wrapping_mul(31) ^ (step + 1);
    }
    mixed
}

#[kprobe(function = "do_unlinkat")]
pub fn mixes_in_probe(ctx: ProbeContext) -> u32 {
    let key = mixes(u64::from(ctx.pid()), u64::from(ctx.uid()));
    let _ = SEEN.insert(key, [ctx.pid() as u8; 200], 0);
    0
}

#[tracepoint(category = "sched", name = "sched_process_exec")]
pub fn mixes_at_exec(ctx: TracePointContext) -> u32 {
    mixes(u64::from(ctx.tgid()), u64::from(ctx.gid())) as u32
}

aya_project::object!();

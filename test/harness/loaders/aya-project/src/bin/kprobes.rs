// A kprobe and a kretprobe that measure the time of a function.
#![no_std]
#![no_main]

use aya_ebpf::{
    EbpfContext,
    helpers::generated::bpf_ktime_get_ns,
    macros::{kprobe, kretprobe, map},
    maps::HashMap,
    programs::{ProbeContext, RetProbeContext},
};

#[map]
static STARTS: HashMap<u32, u64> = HashMap::with_max_entries(1024, 0);

#[kprobe(function = "vfs_read")]
pub fn read_begins(ctx: ProbeContext) -> u32 {
    let now = unsafe { bpf_ktime_get_ns() };
    u32::from(STARTS.insert(ctx.pid(), now, 0).is_err())
}

#[kretprobe(function = "vfs_read")]
pub fn read_ends(ctx: RetProbeContext) -> u32 {
    let failed = ctx.ret::<i64>() < 0;
    let _ = STARTS.remove(ctx.pid());
    u32::from(failed)
}

#[kprobe]
pub fn any_function(ctx: ProbeContext) -> u32 {
    u32::from(ctx.arg::<u64>(0).is_none())
}

aya_project::object!();

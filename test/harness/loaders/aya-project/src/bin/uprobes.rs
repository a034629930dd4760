// Probes of functions in user space.
#![no_std]
#![no_main]

use aya_ebpf::{
    helpers::bpf_probe_read_user_str_bytes,
    macros::{map, uprobe, uretprobe},
    maps::PerCpuArray,
    programs::{ProbeContext, RetProbeContext},
};

#[map]
static NAMES: PerCpuArray<[u8; 64]> = PerCpuArray::with_max_entries(1, 0);

#[uprobe(path = "libc", function = "getaddrinfo")]
pub fn name_begins(ctx: ProbeContext) -> u32 {
    let (Some(address), Some(buffer)) = (ctx.arg::<*const u8>(0), NAMES.get_ptr_mut(0)) else {
        return 0;
    };
    u32::from(unsafe { bpf_probe_read_user_str_bytes(address, &mut *buffer) }.is_ok())
}

#[uretprobe(path = "libc", function = "getaddrinfo")]
pub fn name_ends(ctx: RetProbeContext) -> u32 {
    u32::from(ctx.ret::<i32>() != 0)
}

#[uprobe]
pub fn any_probe(_ctx: ProbeContext) -> u32 {
    0
}

#[uprobe(sleepable)]
pub fn sleeps(_ctx: ProbeContext) -> u32 {
    0
}

aya_project::object!();

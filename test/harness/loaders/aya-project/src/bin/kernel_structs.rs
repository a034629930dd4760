// Kernel structs as bindings of one kernel: their offsets are fixed, no relocation corrects them.
#![no_std]
#![no_main]

use aya_ebpf::{
    helpers::{bpf_get_current_task, bpf_probe_read_kernel},
    macros::{kprobe, map},
    maps::HashMap,
    programs::ProbeContext,
};

#[repr(C)]
#[allow(non_camel_case_types)]
pub struct qstr {
    hash_len: u64,
    name: *const u8,
}

#[repr(C)]
#[allow(non_camel_case_types)]
pub struct dentry {
    d_flags: u32,
    d_seq: u32,
    d_hash: [u64; 2],
    d_parent: *const dentry,
    d_name: qstr,
    d_inode: *const u8,
}

#[repr(C)]
#[allow(non_camel_case_types)]
pub struct path {
    mnt: *const u8,
    dentry: *const dentry,
}

#[repr(C)]
#[allow(non_camel_case_types)]
pub struct task_struct {
    padding: [u8; 2464],
    pid: i32,
    tgid: i32,
}

#[map]
static NAMES: HashMap<u64, u32> = HashMap::with_max_entries(64, 0);

#[kprobe(function = "vfs_unlink")]
pub fn reads_name(ctx: ProbeContext) -> u32 {
    reads(&ctx).unwrap_or(1)
}

fn reads(ctx: &ProbeContext) -> Option<u32> {
    let entry: *const dentry = ctx.arg(2)?;
    let length = unsafe { bpf_probe_read_kernel(&raw const (*entry).d_name.hash_len) }.ok()?;
    let parent = unsafe { bpf_probe_read_kernel(&raw const (*entry).d_parent) }.ok()?;
    let flags = unsafe { bpf_probe_read_kernel(&raw const (*parent).d_flags) }.ok()?;
    NAMES.insert(length, flags, 0).ok()?;
    Some(0)
}

#[kprobe(function = "vfs_unlink")]
pub fn reads_task(_ctx: ProbeContext) -> u32 {
    let task = unsafe { bpf_get_current_task() } as *const task_struct;
    match unsafe { bpf_probe_read_kernel(&raw const (*task).tgid) } {
        Ok(tgid) => u32::from(NAMES.insert(tgid as u64, 1, 0).is_err()),
        Err(_) => 1,
    }
}

aya_project::object!();

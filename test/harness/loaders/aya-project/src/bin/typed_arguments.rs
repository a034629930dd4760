// Kernel structs that a program reads directly from the arguments of a function.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{btf_tracepoint, fentry, map},
    maps::Array,
    programs::{BtfTracePointContext, FEntryContext},
};

#[repr(C)]
#[allow(non_camel_case_types)]
pub struct list_head {
    next: *const list_head,
    prev: *const list_head,
}

#[repr(C)]
#[allow(non_camel_case_types)]
pub struct file {
    first: u64,
    second: u64,
}

#[map]
static SEEN: Array<u64> = Array::with_max_entries(2, 0);

#[fentry(function = "vfs_read")]
pub fn reads_file(ctx: FEntryContext) -> i32 {
    let file: *const file = ctx.arg(0);
    let value = unsafe { (*file).second };
    i32::from(SEEN.set(0, value, 0).is_err())
}

#[btf_tracepoint(function = "sched_process_exec")]
pub fn reads_list(ctx: BtfTracePointContext) -> i32 {
    let task: *const list_head = ctx.arg(0);
    let value = unsafe { (*task).next } as u64;
    i32::from(SEEN.set(1, value, 0).is_err())
}

aya_project::object!();

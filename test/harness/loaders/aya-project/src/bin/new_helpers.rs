// Helpers that old kernels do not have.
#![no_std]
#![no_main]

use core::ffi::CStr;

use aya_ebpf::{
    EbpfContext,
    helpers::{bpf_get_current_comm, bpf_strncmp, generated::bpf_get_func_ip},
    macros::{kprobe, uprobe},
    programs::ProbeContext,
};

const SHELL: &CStr = c"sh";

#[kprobe(function = "do_unlinkat")]
pub fn compares_names(_ctx: ProbeContext) -> u32 {
    let command = bpf_get_current_comm().unwrap_or([0; 16]);
    u32::from(bpf_strncmp(&command, SHELL) == core::cmp::Ordering::Equal)
}

#[uprobe]
pub fn reads_address(ctx: ProbeContext) -> u32 {
    u32::from(unsafe { bpf_get_func_ip(ctx.as_ptr()) } != 0)
}

aya_project::object!();

// Programs of security hooks, for all processes, for those of a cgroup, and one that may sleep.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{lsm, lsm_cgroup},
    programs::LsmContext,
};

#[lsm(hook = "file_open")]
pub fn may_open(ctx: LsmContext) -> i32 {
    ctx.arg(1)
}

#[lsm(hook = "file_open", sleepable)]
pub fn may_open_and_sleep(_ctx: LsmContext) -> i32 {
    0
}

#[lsm_cgroup(hook = "socket_bind")]
pub fn may_bind(_ctx: LsmContext) -> i32 {
    1
}

aya_project::object!();

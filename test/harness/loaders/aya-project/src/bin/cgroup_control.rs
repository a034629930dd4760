// Programs that control devices, sysctl values and socket options of a cgroup.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{cgroup_device, cgroup_sockopt, cgroup_sysctl},
    programs::{DeviceContext, SockoptContext, SysctlContext},
};

#[cgroup_device]
pub fn may_use_device(_ctx: DeviceContext) -> i32 {
    1
}

#[cgroup_sysctl]
pub fn may_write_sysctl(_ctx: SysctlContext) -> i32 {
    1
}

#[cgroup_sockopt(getsockopt)]
pub fn may_get_option(_ctx: SockoptContext) -> i32 {
    1
}

aya_project::object!();

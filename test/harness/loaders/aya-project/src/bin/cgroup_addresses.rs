// Programs that see addresses of sockets in a cgroup.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{cgroup_sock, cgroup_sock_addr, map},
    maps::Array,
    programs::{SockAddrContext, SockContext},
};

#[map]
static PORTS: Array<u32> = Array::with_max_entries(2, 0);

#[cgroup_sock_addr(connect4)]
pub fn connect4(ctx: SockAddrContext) -> i32 {
    let port = unsafe { (*ctx.sock_addr).user_port };
    let _ = PORTS.set(0, port, 0);
    1
}

#[cgroup_sock_addr(bind6)]
pub fn bind6(_ctx: SockAddrContext) -> i32 {
    1
}

#[cgroup_sock_addr(getsockname4)]
pub fn getsockname4(_ctx: SockAddrContext) -> i32 {
    1
}

#[cgroup_sock(post_bind4)]
pub fn post_bind4(_ctx: SockContext) -> i32 {
    1
}

#[cgroup_sock(sock_create)]
pub fn sock_create(_ctx: SockContext) -> i32 {
    1
}

aya_project::object!();

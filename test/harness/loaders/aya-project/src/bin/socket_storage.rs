// A value for each socket.
#![no_std]
#![no_main]

use aya_ebpf::{
    btf_maps::SkStorage,
    macros::{btf_map, cgroup_sock_addr},
    programs::SockAddrContext,
};

#[btf_map]
static CONNECTIONS: SkStorage<u64> = SkStorage::new();

#[cgroup_sock_addr(connect4)]
pub fn remembers(ctx: SockAddrContext) -> i32 {
    let value = unsafe { CONNECTIONS.get_or_insert_ptr_mut(&ctx, None) };
    if !value.is_null() {
        unsafe { *value += 1 };
    }
    1
}

aya_project::object!();

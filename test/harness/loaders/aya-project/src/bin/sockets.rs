// Programs that find a socket, choose one of a group, filter and parse.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{flow_dissector, map, sk_lookup, sk_reuseport, socket_filter},
    maps::ReusePortSockArray,
    programs::{FlowDissectorContext, SkBuffContext, SkLookupContext, SkReuseportContext},
};

#[map]
static GROUP: ReusePortSockArray = ReusePortSockArray::with_max_entries(4, 0);

#[sk_lookup]
pub fn find_socket(_ctx: SkLookupContext) -> u32 {
    1
}

#[sk_reuseport]
pub fn choose_socket(ctx: SkReuseportContext) -> u32 {
    u32::from(GROUP.select_reuseport(&ctx, ctx.hash() % 4).is_ok())
}

#[sk_reuseport(migrate)]
pub fn choose_or_migrate(_ctx: SkReuseportContext) -> u32 {
    1
}

#[socket_filter]
pub fn filter(ctx: SkBuffContext) -> i64 {
    i64::from(ctx.len())
}

#[flow_dissector]
pub fn dissect(_ctx: FlowDissectorContext) -> u32 {
    129
}

aya_project::object!();

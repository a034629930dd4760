// Programs that move data between sockets of a map.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::sk_action,
    macros::{map, sk_msg, sock_ops, stream_parser, stream_verdict},
    maps::{SockHash, SockMap},
    programs::{SkBuffContext, SkMsgContext, SockOpsContext},
};

#[map]
static BY_PORT: SockHash<u32> = SockHash::with_max_entries(64, 0);
#[map]
static SOCKETS: SockMap = SockMap::with_max_entries(64, 0);

#[sock_ops]
pub fn adds_socket(ctx: SockOpsContext) -> u32 {
    let mut port = ctx.local_port();
    let _ = BY_PORT.update(&mut port, unsafe { &mut *ctx.ops }, 0);
    1
}

#[sk_msg]
pub fn redirects(ctx: SkMsgContext) -> u32 {
    BY_PORT.redirect_msg(&ctx, 80, 0) as u32
}

#[stream_parser]
pub fn parses(ctx: SkBuffContext) -> u32 {
    ctx.len()
}

#[stream_verdict]
pub fn decides(ctx: SkBuffContext) -> u32 {
    let _ = unsafe { SOCKETS.redirect_skb(&ctx, 0, 0) };
    sk_action::SK_PASS
}

aya_project::object!();

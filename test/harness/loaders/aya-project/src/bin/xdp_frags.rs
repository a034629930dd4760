// XDP programs that accept packets in several parts.
#![no_std]
#![no_main]

use aya_ebpf::{bindings::xdp_action, macros::xdp, programs::XdpContext};

#[xdp(frags)]
pub fn pass_frags(_ctx: XdpContext) -> u32 {
    xdp_action::XDP_PASS
}

#[xdp(map = "devmap")]
pub fn pass_devmap(_ctx: XdpContext) -> u32 {
    xdp_action::XDP_PASS
}

#[xdp(map = "cpumap", frags)]
pub fn pass_cpumap(_ctx: XdpContext) -> u32 {
    xdp_action::XDP_PASS
}

aya_project::object!();

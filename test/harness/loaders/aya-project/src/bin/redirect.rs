// An XDP program that sends packets to devices and processors.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, xdp},
    maps::{CpuMap, DevMap, DevMapHash, XskMap},
    programs::XdpContext,
};

#[map]
static DEVICES: DevMap = DevMap::with_max_entries(4, 0);
#[map]
static BY_INDEX: DevMapHash = DevMapHash::with_max_entries(4, 0);
#[map]
static PROCESSORS: CpuMap = CpuMap::with_max_entries(4, 0);
#[map]
static QUEUES: XskMap = XskMap::with_max_entries(4, 0);

#[xdp]
pub fn to_device(_ctx: XdpContext) -> u32 {
    DEVICES.redirect(0, 0).unwrap_or(1)
}

#[xdp]
pub fn to_hashed_device(_ctx: XdpContext) -> u32 {
    BY_INDEX.redirect(7, 0).unwrap_or(1)
}

#[xdp]
pub fn to_processor(_ctx: XdpContext) -> u32 {
    PROCESSORS.redirect(0, 0).unwrap_or(1)
}

#[xdp]
pub fn to_socket(_ctx: XdpContext) -> u32 {
    QUEUES.redirect(0, 0).unwrap_or(1)
}

aya_project::object!();

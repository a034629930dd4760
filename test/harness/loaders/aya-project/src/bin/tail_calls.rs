// A program that calls another one through an array of programs.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    macros::{map, xdp},
    maps::ProgramArray,
    programs::XdpContext,
};

#[map]
static STEPS: ProgramArray = ProgramArray::with_max_entries(2, 0);

#[xdp]
pub fn first_step(ctx: XdpContext) -> u32 {
    unsafe { STEPS.tail_call(&ctx, 1) };
    xdp_action::XDP_DROP
}

#[xdp]
pub fn second_step(_ctx: XdpContext) -> u32 {
    xdp_action::XDP_PASS
}

aya_project::object!();

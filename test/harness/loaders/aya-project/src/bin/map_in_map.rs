// Maps that hold other maps, with BTF definitions.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::xdp_action,
    btf_maps::{Array, ArrayOfMaps, HashMap, HashOfMaps},
    macros::{btf_map, xdp},
    programs::XdpContext,
};

#[btf_map]
static TABLES: ArrayOfMaps<Array<u32, 10>, 4> = ArrayOfMaps::new();
#[btf_map]
static GROUPS: HashOfMaps<u32, HashMap<u32, u32, 16>, 4> = HashOfMaps::new();

#[xdp]
pub fn looks_up(_ctx: XdpContext) -> u32 {
    match TABLES.get_value(0, &1) {
        Some(0) | None => xdp_action::XDP_PASS,
        Some(_) => xdp_action::XDP_DROP,
    }
}

#[xdp]
pub fn looks_up_group(_ctx: XdpContext) -> u32 {
    match unsafe { GROUPS.get(&1) } {
        Some(group) => u32::from(unsafe { group.get(&1) }.is_some()) + 1,
        None => xdp_action::XDP_PASS,
    }
}

aya_project::object!();

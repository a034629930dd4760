// A classifier that reads a packet and counts it in an LRU hash.
#![no_std]
#![no_main]

use aya_ebpf::{
    bindings::TC_ACT_PIPE,
    macros::{classifier, map},
    maps::LruHashMap,
    programs::TcContext,
};

#[map]
static PROTOCOLS: LruHashMap<u16, u32> = LruHashMap::with_max_entries(256, 0);

#[classifier]
pub fn count_protocols(ctx: TcContext) -> i32 {
    let Ok(protocol) = ctx.load::<u16>(12) else {
        return TC_ACT_PIPE;
    };
    if let Some(count) = PROTOCOLS.get_ptr_mut(&protocol) {
        unsafe { *count += 1 };
    } else {
        let _ = PROTOCOLS.insert(protocol, 1, 0);
    }
    TC_ACT_PIPE
}

aya_project::object!();

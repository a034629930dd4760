// Maps without keys: queue, stack and bloom filter.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{map, xdp},
    maps::{BloomFilter, Queue, Stack},
    programs::XdpContext,
};

#[map]
static LENGTHS: Queue<u32> = Queue::with_max_entries(16, 0);
#[map]
static RECENT: Stack<u32> = Stack::with_max_entries(16, 0);
#[map]
static SEEN: BloomFilter<u32> = BloomFilter::with_max_entries(16, 0);

#[xdp]
pub fn queues_length(ctx: XdpContext) -> u32 {
    let length = (ctx.data_end() - ctx.data()) as u32;
    let _ = LENGTHS.push(length, 0);
    let _ = RECENT.push(length, 0);
    2
}

#[xdp]
pub fn sees_length(ctx: XdpContext) -> u32 {
    let length = (ctx.data_end() - ctx.data()) as u32;
    let _ = SEEN.insert(length, 0);
    2 - u32::from(SEEN.contains(length).is_ok())
}

aya_project::object!();

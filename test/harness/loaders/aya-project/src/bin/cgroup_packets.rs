// Programs for packets of a cgroup, with a trie of networks.
#![no_std]
#![no_main]

use aya_ebpf::{
    macros::{cgroup_skb, map},
    maps::lpm_trie::{Key, LpmTrie},
    programs::SkBuffContext,
};

#[map]
static NETWORKS: LpmTrie<u32, u32> = LpmTrie::with_max_entries(64, 1);

#[cgroup_skb(egress)]
pub fn may_send(ctx: SkBuffContext) -> i32 {
    let Ok(address) = ctx.load::<u32>(16) else {
        return 1;
    };
    i32::from(NETWORKS.get(Key::new(32, address)).is_none())
}

#[cgroup_skb(ingress)]
pub fn may_receive(ctx: SkBuffContext) -> i32 {
    i32::from(ctx.len() > 0)
}

#[cgroup_skb]
pub fn either_direction(_ctx: SkBuffContext) -> i32 {
    1
}

aya_project::object!();

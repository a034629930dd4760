// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Maps with the types of their keys and values: hash, LRU, per CPU, longest prefix, queue, one of them pinned.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct flow {
	__u32 source;
	__u32 target;
	__u16 port;
	__u16 unused;
};

struct counters {
	__u64 packets;
	__u64 bytes;
};

struct prefix {
	__u32 length;
	__u32 address;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow);
	__type(value, struct counters);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct counters);
} totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 64);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u8);
} blocked SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16);
	__type(value, struct flow);
} newest SEC(".maps");

SEC("xdp")
int count(struct xdp_md *context)
{
	struct flow flow = { .source = context->ingress_ifindex };
	struct prefix prefix = { .length = 32, .address = context->rx_queue_index };
	struct counters one = { 1, context->data_end - context->data };
	__u32 index = 0;
	struct counters *total = bpf_map_lookup_elem(&totals, &index);

	if (total)
		total->packets++;
	bpf_map_update_elem(&flows, &flow, &one, BPF_ANY);
	bpf_map_push_elem(&newest, &flow, BPF_EXIST);
	return bpf_map_lookup_elem(&blocked, &prefix) ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";

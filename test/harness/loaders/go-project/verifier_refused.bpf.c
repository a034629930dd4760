// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Programs that the verifier refuses on every kernel, or on older ones.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("tc")
int unchecked_lookup(struct __sk_buff *packet)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&counts, &key);

	return *value;
}

SEC("tc")
int out_of_packet(struct __sk_buff *packet)
{
	return *(__u32 *)(unsigned long)packet->data;
}

SEC("tc")
int newer_helper(struct __sk_buff *packet)
{
	return bpf_ktime_get_tai_ns() & 1;
}

SEC("kprobe/do_unlinkat")
int helper_of_others(void *context)
{
	return bpf_get_route_realm(context);
}

char LICENSE[] SEC("license") = "GPL";

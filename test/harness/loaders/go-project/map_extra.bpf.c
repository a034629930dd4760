// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A bloom filter whose definition gives the number of its hash functions.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__uint(map_extra, 3);
	__type(value, __u32);
} seen SEC(".maps");

SEC("xdp")
int remember(struct xdp_md *context)
{
	__u32 port = context->ingress_ifindex;

	if (bpf_map_peek_elem(&seen, &port) == 0)
		return XDP_PASS;
	return bpf_map_push_elem(&seen, &port, BPF_ANY) == 0 ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A weak function, as libraries of BPF define them. Older releases of bpf2go refuse the call.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__weak __noinline int limit(int length)
{
	return length > 1500;
}

SEC("tc")
int count(struct __sk_buff *packet)
{
	return limit(packet->len) ? 2 : 0;
}

char LICENSE[] SEC("license") = "GPL";

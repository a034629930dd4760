// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A program type newer than 5.10: netfilter programs came with 6.4.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define NF_ACCEPT 1

SEC("netfilter")
int accept_all(void *context)
{
	return NF_ACCEPT;
}

char LICENSE[] SEC("license") = "GPL";

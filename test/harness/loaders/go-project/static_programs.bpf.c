// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A program with internal linkage, which cilium/ebpf loads like any other.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 calls;

SEC("raw_tp/sys_enter")
__attribute__((used)) static int hidden(void *context)
{
	calls++;
	return 0;
}

SEC("raw_tp/sys_exit")
int visible(void *context)
{
	calls++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

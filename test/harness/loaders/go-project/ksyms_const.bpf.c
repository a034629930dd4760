// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Symbols of the kernel that are declared const, as libbpf wants them. cilium/ebpf opens no such object.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const void init_task __ksym;

__u64 address;

SEC("raw_tp/sys_enter")
int known(void *context)
{
	address = (__u64)&init_task;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A symbol that no kernel has, and a program without it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void go_project_missing __ksym;

__u64 address;

SEC("raw_tp/sys_exit")
int without(void *context)
{
	address++;
	return 0;
}

SEC("raw_tp/sys_enter")
int missing(void *context)
{
	address = (__u64)&go_project_missing;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

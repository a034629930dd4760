// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Symbols of the kernel: one that each kernel has, and a weak one that none has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern void init_task __ksym;
extern void go_project_weak __ksym __weak;

__u64 address;

SEC("raw_tp/sys_enter")
int known(void *context)
{
	address = (__u64)&init_task;
	return 0;
}

SEC("raw_tp/sys_enter")
int weak(void *context)
{
	if (&go_project_weak)
		address = (__u64)&go_project_weak;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A variable of the kernel with its type, one for each processor.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const int bpf_prog_active __ksym;

int active;

SEC("raw_tp/sys_enter")
int read_active(void *context)
{
	const int *value = bpf_this_cpu_ptr(&bpf_prog_active);

	active = *value;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

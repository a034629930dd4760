// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The program reads a whole array that is longer in the kernel than here: libbpf before 1.6 compares lengths of arrays and refuses.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	char comm[8];
};

#pragma clang attribute pop

unsigned long long start;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(start_of_name, struct task_struct *task)
{
	start = *(unsigned long long *)&task->comm;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

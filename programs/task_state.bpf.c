// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A field renamed: task_struct.state became __state in 5.14. Two programs get it wrong, one gets it right.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	unsigned int __state;
};

struct task_struct___before_5_14 {
	volatile long state;
};

#pragma clang attribute pop

long seen;

// Written for old kernels.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(old_name, struct task_struct___before_5_14 *task)
{
	seen = task->state;
	return 0;
}

// Written for new kernels.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(new_name, struct task_struct *task)
{
	seen = task->__state;
	return 0;
}

// The missing field is behind a check, so the verifier never reaches it.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(either_name, struct task_struct *task)
{
	struct task_struct___before_5_14 *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		seen = BPF_CORE_READ(task, __state);
	else
		seen = BPF_CORE_READ(old, state);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

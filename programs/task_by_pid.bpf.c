// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A kernel function newer than 5.10: bpf_task_from_pid() came with 6.2.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
	int tgid;
};

#pragma clang attribute pop

struct task_struct *bpf_task_from_pid(int pid) __ksym;
void bpf_task_release(struct task_struct *task) __ksym;

int group;

SEC("tp_btf/sched_process_fork")
int BPF_PROG(find_task, struct task_struct *parent)
{
	struct task_struct *task = bpf_task_from_pid(parent->pid);

	if (!task)
		return 0;
	group = task->tgid;
	bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

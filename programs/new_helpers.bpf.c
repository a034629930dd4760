// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Helpers newer than 5.10, called without and with a check; and a kernel function, which can be optional, too.
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

enum bpf_func_id___tai {
	BPF_FUNC_ktime_get_tai_ns___tai = 208,
};

struct task_struct *bpf_task_from_pid(int pid) __ksym __weak;
void bpf_task_release(struct task_struct *task) __ksym __weak;

unsigned long long value;

// bpf_get_current_task_btf() came with 5.11.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(task_assumed)
{
	value = bpf_get_current_task_btf() != NULL;
	return 0;
}

// bpf_ktime_get_tai_ns() came with 6.1.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(clock_assumed)
{
	value = bpf_ktime_get_tai_ns();
	return 0;
}

// The kernel's enum of helpers shows whether it has this one.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(clock_checked)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id___tai, BPF_FUNC_ktime_get_tai_ns___tai))
		value = bpf_ktime_get_tai_ns();
	else
		value = bpf_ktime_get_boot_ns();
	return 0;
}

// bpf_task_from_pid() came with 6.2; declared __weak it may be missing.
SEC("tp_btf/sched_process_fork")
int BPF_PROG(function_checked, struct task_struct *parent)
{
	struct task_struct *task;

	if (!bpf_ksym_exists(bpf_task_from_pid) || !bpf_ksym_exists(bpf_task_release))
		return 0;
	task = bpf_task_from_pid(parent->pid);
	if (!task)
		return 0;
	value = task->tgid;
	bpf_task_release(task);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

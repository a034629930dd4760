// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Fields: read, asked for before the read, of two flavors, nested, through pointers, and in an array.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct thread_info {
	unsigned long flags;
};

struct mm_struct {
	int map_count;
};

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	int pid;
	char comm[16];
	struct mm_struct *mm;
	struct task_struct *group_leader;
};

struct task_struct___old {
	volatile long state;
};

struct task_struct___never {
	int go_project_missing;
};

#pragma clang attribute pop

__u64 seen;

SEC("raw_tp/sched_process_exit")
int through_pointers(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *task = (void *)context->args[0];

	seen = BPF_CORE_READ(task, group_leader, mm, map_count);
	seen += BPF_CORE_READ(task, thread_info.flags);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int either_state(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *task = (void *)context->args[0];
	struct task_struct___old *old = (void *)task;

	if (bpf_core_field_exists(old->state))
		seen = BPF_CORE_READ(old, state);
	else
		seen = BPF_CORE_READ(task, __state);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int third_letter(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *task = (void *)context->args[0];

	seen = BPF_CORE_READ(task, comm[2]) + bpf_core_field_size(task->comm) + bpf_core_field_offset(struct task_struct, pid);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int new_state(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *task = (void *)context->args[0];

	seen = BPF_CORE_READ(task, __state);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int old_state(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct___old *task = (void *)context->args[0];

	seen = BPF_CORE_READ(task, state);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int never_read(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct___never *task = (void *)context->args[0];

	if (bpf_core_field_exists(task->go_project_missing))
		seen = BPF_CORE_READ(task, go_project_missing);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int always_read(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct___never *task = (void *)context->args[0];

	seen = BPF_CORE_READ(task, go_project_missing);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

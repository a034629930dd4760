// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Global and static functions with relocations of their own, called from two programs.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
};

struct task_struct___gone {
	int go_project_missing;
};

#pragma clang attribute pop

__u64 seen;

static __noinline int parent_of(struct task_struct *task)
{
	return BPF_CORE_READ(task, real_parent, tgid);
}

__noinline int is_even(int number)
{
	return number % 2 == 0;
}

static __noinline int missing(struct task_struct___gone *task)
{
	return BPF_CORE_READ(task, go_project_missing);
}

SEC("raw_tp/sched_process_exit")
int static_function(struct bpf_raw_tracepoint_args *context)
{
	seen = parent_of((void *)context->args[0]);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int both_functions(struct bpf_raw_tracepoint_args *context)
{
	seen = is_even(parent_of((void *)context->args[0]));
	return 0;
}

SEC("raw_tp/sched_process_exit")
int poisoned_function(struct bpf_raw_tracepoint_args *context)
{
	seen = missing((void *)context->args[0]);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

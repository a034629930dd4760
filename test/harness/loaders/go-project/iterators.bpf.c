// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Iterators over tasks and maps, one of them sleepable.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct task_struct {
	int pid;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
};

#pragma clang attribute pop

__u64 counted;

SEC("iter/task")
int each_task(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;

	if (task)
		counted += task->pid;
	return 0;
}

SEC("iter.s/task")
int each_task_sleeping(struct bpf_iter__task *context)
{
	counted += context->task != NULL;
	return 0;
}

SEC("iter/bpf_map")
int each_map(struct bpf_iter__bpf_map *context)
{
	counted += context->map != NULL;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Types: their sizes, whether they exist, their ids on both sides, and one that no kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
};

struct bpf_arena {
	void *unused;
};

struct go_project_missing {
	int number;
};

#pragma clang attribute pop

typedef struct {
	int counter;
} atomic_t;

union bpf_iter_link_info___go {
	int number;
};

__u64 seen;

SEC("raw_tp/sys_enter")
int sizes(void *context)
{
	seen = bpf_core_type_size(struct task_struct) + bpf_core_type_size(atomic_t) + bpf_core_type_size(union bpf_iter_link_info___go);
	return 0;
}

SEC("raw_tp/sys_enter")
int exist(void *context)
{
	seen = bpf_core_type_exists(struct bpf_arena) + bpf_core_type_exists(struct go_project_missing) * 2;
	return 0;
}

SEC("raw_tp/sys_enter")
int ids(void *context)
{
	seen = bpf_core_type_id_local(struct task_struct) + bpf_core_type_id_kernel(struct task_struct);
	return 0;
}

SEC("raw_tp/sys_enter")
int missing_size(void *context)
{
	seen = bpf_core_type_size(struct go_project_missing);
	return 0;
}

SEC("raw_tp/sys_enter")
int missing_id(void *context)
{
	seen = bpf_core_type_id_kernel(struct go_project_missing);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

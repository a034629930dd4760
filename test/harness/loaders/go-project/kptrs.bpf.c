// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A pointer of the kernel in a map, and a pointer to memory of user space in the storage of a task.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define __kptr __attribute__((btf_type_tag("kptr")))
#define __uptr __attribute__((btf_type_tag("uptr")))

struct task_struct;

struct settings {
	__u64 limit;
};

struct kept {
	struct task_struct __kptr *task;
};

struct shared {
	struct settings __uptr *settings;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct kept);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct shared);
} of_tasks SEC(".maps");

__u64 limit;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(is_kept, void *task)
{
	__u32 key = 0;
	struct kept *kept = bpf_map_lookup_elem(&tasks, &key);

	if (kept && kept->task)
		limit++;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(from_user, void *task)
{
	struct shared *shared = bpf_task_storage_get(&of_tasks, (void *)bpf_get_current_task_btf(), NULL, 0);

	if (shared && shared->settings)
		limit = shared->settings->limit;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

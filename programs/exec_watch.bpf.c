// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Works on every kernel: the fields move from kernel to kernel, and CO-RE adjusts the accesses.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	unsigned long long start_boottime;
	char comm[16];
};

#pragma clang attribute pop

struct execution {
	unsigned long long started;
	int pid;
	int parent;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, int);
	__type(value, struct execution);
} executions SEC(".maps");

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task)
{
	struct execution execution = {};

	execution.pid = task->pid;
	execution.started = task->start_boottime;
	execution.parent = BPF_CORE_READ(task, real_parent, tgid);
	bpf_core_read(&execution.comm, sizeof(execution.comm), &task->comm);
	bpf_map_update_elem(&executions, &execution.pid, &execution, BPF_ANY);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	int pid = task->pid;

	bpf_map_delete_elem(&executions, &pid);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

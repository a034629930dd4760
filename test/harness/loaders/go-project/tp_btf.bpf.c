// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Tracepoints with typed arguments, one of them with a name that no kernel has.
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

int last;

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, _Bool preempted, struct task_struct *from, struct task_struct *to)
{
	last = to->pid;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	last = BPF_CORE_READ(task, tgid);
	return 0;
}

SEC("tp_btf/go_project_missing")
int BPF_PROG(nowhere)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

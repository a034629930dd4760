// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A function of the kernel that no kernel has, one that is declared with another argument, and a program that calls none.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct task_struct;

extern void go_project_missing(int number) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(no_kernel, void *exiting)
{
	go_project_missing(1);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(other_argument, struct task_struct *exiting)
{
	bpf_task_release(exiting);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(calls_none, void *exiting)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Nothing is missing, but the verifier of some kernels rejects these programs.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
};

#pragma clang attribute pop

int chosen;
long exits;

// Atomic operations that return the old value are allowed since 5.12.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(atomic_result)
{
	chosen = __sync_fetch_and_add(&exits, 1);
	return 0;
}

// The second argument of this tracepoint may be NULL, which newer kernels know and enforce.
SEC("tp_btf/sched_pi_setprio")
int BPF_PROG(unchecked_argument, struct task_struct *task, struct task_struct *donor)
{
	chosen = donor->pid;
	return 0;
}

SEC("tp_btf/sched_pi_setprio")
int BPF_PROG(checked_argument, struct task_struct *task, struct task_struct *donor)
{
	chosen = donor ? donor->pid : 0;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Functions of the kernel: one that newer kernels have, and weak ones with and without a check.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct task_struct {
	int pid;
} __attribute__((preserve_access_index));

extern struct task_struct *bpf_task_from_pid(__s32 pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern int go_project_weak(int number) __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;

__u64 found;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(newer_kernels, struct task_struct *exiting)
{
	struct task_struct *task = bpf_task_from_pid(1);

	if (!task)
		return 0;
	found++;
	bpf_task_release(task);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(weak_call, struct task_struct *exiting)
{
	if (bpf_ksym_exists(go_project_weak))
		found += go_project_weak(1);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(weak_lock, struct task_struct *exiting)
{
	if (bpf_ksym_exists(bpf_rcu_read_lock)) {
		bpf_rcu_read_lock();
		found++;
		bpf_rcu_read_unlock();
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(weak_unchecked, struct task_struct *exiting)
{
	found += go_project_weak(2);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A bitfield that became an integer: signal_struct.is_child_subreaper is a bool since 7.2. Both programs load everywhere.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct signal_struct {
	unsigned int is_child_subreaper : 1;
};

struct signal_struct___7_2 {
	bool is_child_subreaper;
};

struct task_struct {
	struct signal_struct *signal;
};

#pragma clang attribute pop

unsigned long long subreaper;

// The bitfield macros relocate offset, size and shifts: right for a bit and for a bool.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(as_bit, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);

	subreaper = BPF_CORE_READ_BITFIELD_PROBED(signal, is_child_subreaper);
	return 0;
}

// This loads where the field is still a bit, but then it also reads the bits beside it.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(as_bool, struct task_struct *task)
{
	struct signal_struct___7_2 *signal = (void *)BPF_CORE_READ(task, signal);

	subreaper = BPF_CORE_READ(signal, is_child_subreaper);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

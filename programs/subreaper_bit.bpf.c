// A bitfield that became an integer: signal_struct.is_child_subreaper. Read with the bitfield macros, it loads everywhere.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct signal_struct {
	unsigned int is_child_subreaper : 1;
	unsigned int has_child_subreaper : 1;
};

struct task_struct {
	struct signal_struct *signal;
};

#pragma clang attribute pop

unsigned long long subreaper;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(read_bit, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);

	subreaper = BPF_CORE_READ_BITFIELD_PROBED(signal, is_child_subreaper);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

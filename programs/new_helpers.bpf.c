// Helpers newer than 5.10, used outright and behind a check of the kernel's own enum of helpers.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

enum bpf_func_id___tai {
	BPF_FUNC_ktime_get_tai_ns___tai = 208,
};

unsigned long long value;

// bpf_get_current_task_btf() came with 5.11.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(task_assumed)
{
	value = bpf_get_current_task_btf() != NULL;
	return 0;
}

// bpf_ktime_get_tai_ns() came with 6.1.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(clock_assumed)
{
	value = bpf_ktime_get_tai_ns();
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(clock_checked)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id___tai, BPF_FUNC_ktime_get_tai_ns___tai))
		value = bpf_ktime_get_tai_ns();
	else
		value = bpf_ktime_get_boot_ns();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

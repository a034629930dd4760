// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A loader chooses among these programs by what the kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

int calls;

// A map that came with 5.16 and one that every kernel has; the program tests which of them exists.
struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 64);
	__type(value, __u32);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} old_events SEC(".maps");

// Loaded only on kernels with netfilter programs (6.4 and newer).
SEC("netfilter")
int filter_packets(void *ctx)
{
	return 1;
}

// do_unlinkat() became filename_unlinkat() in 7.0: the loader sets the function.
SEC("fentry")
int BPF_PROG(on_unlink)
{
	calls++;
	return 0;
}

SEC("raw_tp/sched_process_exit")
int remember(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid();

	if (bpf_core_enum_value_exists(enum bpf_map_type, BPF_MAP_TYPE_BLOOM_FILTER))
		bpf_map_push_elem(&events, &pid, 0);
	else
		bpf_map_update_elem(&old_events, &pid, &pid, 0);
	return 0;
}

// Only old kernels have this function.
SEC("fentry/do_unlinkat")
int BPF_PROG(unlink_fentry)
{
	calls++;
	return 0;
}

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(unlink_kprobe)
{
	calls++;
	return 0;
}

// The loader chooses the first of these whose helper the kernel has.
SEC("raw_tp/sched_switch")
int newest_helper(void *ctx)
{
	return bpf_ktime_get_tai_ns() & 1;
}

SEC("raw_tp/sched_switch")
int newer_helper(void *ctx)
{
	return bpf_ktime_get_coarse_ns() & 1;
}

SEC("?raw_tp/sched_switch")
int oldest_helper(void *ctx)
{
	return bpf_ktime_get_ns() & 1;
}

SEC("fentry/filename_unlinkat")
int BPF_PROG(filename_fentry)
{
	calls++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Tracepoints with the arguments that their format file describes, and raw ones, one of them writable.
#include <linux/bpf.h>
#include <linux/bpf_perf_event.h>
#include <bpf/bpf_helpers.h>

struct openat_arguments {
	__u64 common;
	long number;
	long directory;
	const char *path;
	long flags;
	long mode;
};

__u64 opened;

SEC("tracepoint/syscalls/sys_enter_openat")
int on_open(struct openat_arguments *arguments)
{
	opened += arguments->flags;
	return 0;
}

SEC("tp/sched/sched_process_fork")
int on_fork(void *context)
{
	opened++;
	return 0;
}

SEC("raw_tracepoint/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *context)
{
	opened += context->args[0];
	return 0;
}

SEC("raw_tracepoint.w/nbd_send_request")
int on_request(struct bpf_raw_tracepoint_args *context)
{
	return 0;
}

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *context)
{
	opened += context->sample_period;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

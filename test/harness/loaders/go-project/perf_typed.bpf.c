// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A perf event array with types for its key and its records.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct record {
	__u32 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__type(key, int);
	__type(value, struct record);
} records SEC(".maps");

SEC("tracepoint/sched/sched_process_exit")
int on_exit(void *context)
{
	struct record record = { .pid = bpf_get_current_pid_tgid() >> 32 };

	bpf_perf_event_output(context, &records, BPF_F_CURRENT_CPU, &record, sizeof(record));
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

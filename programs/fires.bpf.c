// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// These programs load and attach everywhere. Only a trigger shows which of them run.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} opens SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, char[8]);
	__type(value, __u32);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} execs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} connects SEC(".maps");

struct {
	__u32 flag;
	__u32 count;
} last;

__u32 tasks;

SEC("tracepoint/syscalls/sys_enter_openat")
int on_open(void *context)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&opens, &key);

	if (count)
		(*count)++;
	last.flag = 7;
	last.count = 1;
	return 0;
}

SEC("raw_tp/sched_process_exec")
int on_exec(void *context)
{
	char key[8] = "exec";
	__u32 one = 1;

	bpf_map_update_elem(&seen, key, &one, BPF_ANY);
	bpf_ringbuf_output(&execs, &one, sizeof(one), 0);
	return 0;
}

SEC("kprobe/tcp_connect")
int on_connect(void *context)
{
	__u32 one = 1;

	bpf_perf_event_output(context, &connects, BPF_F_CURRENT_CPU, &one, sizeof(one));
	return 0;
}

SEC("iter/task")
int each_task(void *context)
{
	tasks++;
	return 0;
}

SEC("xdp")
int drop_all(struct xdp_md *packet)
{
	return XDP_DROP;
}

// This one never runs: nothing calls the function during the check.
SEC("kprobe/kernel_restart")
int on_restart(void *context)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

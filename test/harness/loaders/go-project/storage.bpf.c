// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Storage that belongs to tasks, sockets and control groups.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct state {
	__u64 since;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct state);
} of_tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct state);
} of_sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_CGRP_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct state);
} of_cgroups SEC(".maps");

SEC("tp_btf/sched_process_exit")
int BPF_PROG(of_task, void *task)
{
	struct state *state = bpf_task_storage_get(&of_tasks, (void *)bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (state)
		state->since = bpf_ktime_get_ns();
	return 0;
}

SEC("cgroup_skb/egress")
int of_socket(struct __sk_buff *packet)
{
	struct bpf_sock *socket = packet->sk;
	struct state *state;

	if (!socket)
		return 1;
	state = bpf_sk_storage_get(&of_sockets, socket, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (state)
		state->since++;
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

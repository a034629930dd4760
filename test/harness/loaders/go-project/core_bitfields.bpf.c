// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Bit fields that moved between kernels: read by probes, directly, and with their sign.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;
	unsigned sched_reset_on_fork : 1;
	unsigned in_execve : 1;
	unsigned no_cgroup_migration : 1;
};

struct sk_buff {
	__u8 pkt_type : 3;
	__u8 ip_summed : 2;
	__u8 encapsulation : 1;
};

struct tcp_sock {
	__u8 nonagle : 4;
	__u8 repair : 1;
};

#pragma clang attribute pop

__u64 seen;

SEC("raw_tp/sched_process_exit")
int probed(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *task = (void *)context->args[0];

	seen = BPF_CORE_READ_BITFIELD_PROBED(task, in_execve) + BPF_CORE_READ_BITFIELD_PROBED(task, sched_reset_on_fork);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(direct, struct task_struct *task)
{
	seen = BPF_CORE_READ_BITFIELD(task, no_cgroup_migration);
	return 0;
}

SEC("raw_tp/netif_receive_skb")
int of_packet(struct bpf_raw_tracepoint_args *context)
{
	struct sk_buff *packet = (void *)context->args[0];

	seen = BPF_CORE_READ_BITFIELD_PROBED(packet, pkt_type) + BPF_CORE_READ_BITFIELD_PROBED(packet, ip_summed);
	seen += BPF_CORE_READ_BITFIELD_PROBED(packet, encapsulation);
	return 0;
}

SEC("raw_tp/tcp_probe")
int of_socket(struct bpf_raw_tracepoint_args *context)
{
	struct tcp_sock *socket = (void *)context->args[0];

	seen = BPF_CORE_READ_BITFIELD_PROBED(socket, nonagle) + BPF_CORE_READ_BITFIELD_PROBED(socket, repair);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

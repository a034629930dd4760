// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A function and a type that only a module has.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net_device;

struct veth_priv {
	struct net_device *peer;
};

struct net_device {
	int ifindex;
};

#pragma clang attribute pop

__u64 peer;

SEC("fentry/veth_xmit")
int BPF_PROG(in_module, void *packet, struct net_device *device)
{
	struct veth_priv *own = (void *)device;

	peer = (__u64)BPF_CORE_READ(own, peer) + BPF_CORE_READ(device, ifindex);
	return 0;
}

SEC("raw_tp/net_dev_start_xmit")
int elsewhere(struct bpf_raw_tracepoint_args *context)
{
	struct veth_priv *own = (void *)context->args[1];

	peer = (__u64)BPF_CORE_READ(own, peer);
	return 0;
}

SEC("raw_tp/net_dev_start_xmit")
int asks_first(struct bpf_raw_tracepoint_args *context)
{
	struct veth_priv *own = (void *)context->args[1];

	if (bpf_core_field_exists(own->peer))
		peer = (__u64)BPF_CORE_READ(own, peer);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

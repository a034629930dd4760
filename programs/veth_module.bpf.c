// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Only a module has veth_xmit() and struct veth_priv; no kernel image here does. Modules have BTF since 5.11.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net_device;

struct veth_priv {
	struct net_device *peer;
};

#pragma clang attribute pop

unsigned long long sent;
unsigned long long peer;

SEC("fentry/veth_xmit")
int BPF_PROG(on_xmit, void *skb, struct net_device *device)
{
	sent++;
	return 0;
}

SEC("raw_tp/net_dev_start_xmit")
int read_peer(struct bpf_raw_tracepoint_args *context)
{
	struct veth_priv *priv = (void *)context->args[1];

	peer = (unsigned long long)BPF_CORE_READ(priv, peer);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

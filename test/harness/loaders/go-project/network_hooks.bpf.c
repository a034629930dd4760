// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Other hooks of the network: lookup, port reuse, dissector, lightweight tunnels, netfilter, XDP after a redirect.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("sk_lookup")
int lookup(struct bpf_sk_lookup *context)
{
	return context->local_port == 53 ? SK_DROP : SK_PASS;
}

SEC("sk_reuseport")
int reuse(struct sk_reuseport_md *context)
{
	return SK_PASS;
}

SEC("sk_reuseport/migrate")
int migrate(struct sk_reuseport_md *context)
{
	return SK_PASS;
}

SEC("flow_dissector")
int dissect(struct __sk_buff *packet)
{
	return BPF_OK;
}

SEC("lwt_in")
int tunnel_in(struct __sk_buff *packet)
{
	return BPF_OK;
}

SEC("lwt_xmit")
int tunnel_out(struct __sk_buff *packet)
{
	return BPF_OK;
}

SEC("lwt_seg6local")
int segment(struct __sk_buff *packet)
{
	return BPF_OK;
}

SEC("xdp.frags")
int fragments(struct xdp_md *context)
{
	return XDP_PASS;
}

SEC("xdp/devmap")
int after_device(struct xdp_md *context)
{
	return context->egress_ifindex ? XDP_PASS : XDP_DROP;
}

SEC("xdp/cpumap")
int after_cpu(struct xdp_md *context)
{
	return XDP_PASS;
}

SEC("netfilter")
int accept(void *context)
{
	return 1;
}

char LICENSE[] SEC("license") = "GPL";

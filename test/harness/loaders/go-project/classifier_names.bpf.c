// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Section names that cilium/ebpf takes with any ending, and the newer names of traffic control.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("classifier/ingress")
int ingress(struct __sk_buff *packet)
{
	return packet->len > 1500 ? 2 : 0;
}

SEC("classifier/egress")
int egress(struct __sk_buff *packet)
{
	return packet->mark == 1 ? 2 : 0;
}

SEC("action/mark")
int mark(struct __sk_buff *packet)
{
	packet->mark = 1;
	return 0;
}

SEC("tc")
int plain(struct __sk_buff *packet)
{
	return 0;
}

SEC("tcx/ingress")
int tcx_ingress(struct __sk_buff *packet)
{
	return packet->len > 1500 ? 2 : 0;
}

SEC("netkit/peer")
int netkit_peer(struct __sk_buff *packet)
{
	return 0;
}

SEC("xdp/drop_all")
int drop_all(struct xdp_md *context)
{
	return XDP_DROP;
}

SEC("socket/http")
int http(struct __sk_buff *packet)
{
	return packet->len;
}

char LICENSE[] SEC("license") = "GPL";

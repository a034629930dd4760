// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Programs of control groups: packets, sockets, addresses, options, devices and settings of the kernel.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("cgroup_skb/ingress")
int packet_in(struct __sk_buff *packet)
{
	return packet->len < 9000;
}

SEC("cgroup/skb")
int packet(struct __sk_buff *packet)
{
	return 1;
}

SEC("cgroup/sock_create")
int created(struct bpf_sock *socket)
{
	return socket->family != 17;
}

SEC("cgroup/sock_release")
int released(struct bpf_sock *socket)
{
	return 1;
}

SEC("cgroup/post_bind4")
int bound(struct bpf_sock *socket)
{
	return socket->src_port != 22;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *address)
{
	if (address->user_ip4 == 0)
		address->user_ip4 = 0x0100007f;
	return 1;
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *address)
{
	return address->user_ip6[0] != 0xff;
}

SEC("cgroup/getpeername4")
int peer_name(struct bpf_sock_addr *address)
{
	return 1;
}

SEC("cgroup/connect_unix")
int connect_unix(struct bpf_sock_addr *address)
{
	return 1;
}

SEC("cgroup/sysctl")
int setting(struct bpf_sysctl *context)
{
	return context->write == 0;
}

SEC("cgroup/getsockopt")
int get_option(struct bpf_sockopt *context)
{
	return 1;
}

SEC("cgroup/setsockopt")
int set_option(struct bpf_sockopt *context)
{
	return context->level != 1;
}

SEC("cgroup/dev")
int device(struct bpf_cgroup_dev_ctx *context)
{
	return context->major != 1 || context->minor == 3;
}

char LICENSE[] SEC("license") = "GPL";

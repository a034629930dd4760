// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Redirects between sockets: parser, verdicts and messages with a map and a hash of sockets.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_SOCKHASH);
	__uint(max_entries, 16);
	__type(key, __u64);
	__type(value, __u64);
} by_cookie SEC(".maps");

SEC("sk_skb/stream_parser")
int parse(struct __sk_buff *packet)
{
	return packet->len;
}

SEC("sk_skb/stream_verdict")
int stream_verdict(struct __sk_buff *packet)
{
	return bpf_sk_redirect_map(packet, &sockets, 0, 0);
}

SEC("sk_skb/verdict")
int verdict(struct __sk_buff *packet)
{
	return bpf_sk_redirect_map(packet, &sockets, 1, BPF_F_INGRESS);
}

SEC("sk_skb")
int plain(struct __sk_buff *packet)
{
	return SK_PASS;
}

SEC("sk_msg")
int message(struct sk_msg_md *message)
{
	__u64 cookie = message->remote_port;

	return bpf_msg_redirect_hash(message, &by_cookie, &cookie, BPF_F_INGRESS);
}

SEC("sockops")
int established(struct bpf_sock_ops *operation)
{
	__u64 cookie = bpf_get_socket_cookie(operation);

	if (operation->op == BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB)
		bpf_sock_hash_update(operation, &by_cookie, &cookie, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

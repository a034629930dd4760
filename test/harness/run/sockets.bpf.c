// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Programs on the path of a socket: filters of an interface, a program that adds sockets to a map, and verdicts on sockets in that map.
struct {
	int (*type)[15]; // sockmap
	int (*max_entries)[16];
	u32 *key;
	u32 *value;
} sockets __attribute__((section(".maps"), used));

u32 next;

struct bpf_sock_ops {
	u32 op;
};

static long (*update_socket)(struct bpf_sock_ops *socket, void *map, void *key, u64 flags) = (void *)53;

SEC("sockops")
int on_established(struct bpf_sock_ops *socket)
{
	u32 key = next & 15;

	// Both ends of a connection.
	if (socket->op != 4 && socket->op != 5)
		return 0;
	next++;
	update_socket(socket, &sockets, &key, 0);
	return 0;
}

SEC("sk_msg")
int on_send(void *message)
{
	return 1;
}

SEC("sk_skb/stream_parser")
int whole(void *packet)
{
	return 4;
}

SEC("sk_skb/stream_verdict")
int on_arrival(void *packet)
{
	return 1;
}

SEC("sk_msg")
int no_map(void *message)
{
	return 1;
}

SEC("tc")
int arriving(void *packet)
{
	return -1;
}

SEC("classifier")
int leaving(void *packet)
{
	return -1;
}

SEC("tc")
int no_interface(void *packet)
{
	return -1;
}

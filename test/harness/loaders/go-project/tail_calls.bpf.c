// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A program array that the object fills, and programs that call each other through it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

int tcp(struct __sk_buff *packet);
int udp(struct __sk_buff *packet);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, int(void *));
} protocols SEC(".maps") = { .values = { [0] = (void *)tcp, [2] = (void *)udp } };

SEC("tc")
int tcp(struct __sk_buff *packet)
{
	return 0;
}

SEC("tc")
int udp(struct __sk_buff *packet)
{
	bpf_tail_call(packet, &protocols, 0);
	return 2;
}

SEC("tc")
int first(struct __sk_buff *packet)
{
	bpf_tail_call(packet, &protocols, packet->protocol & 3);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

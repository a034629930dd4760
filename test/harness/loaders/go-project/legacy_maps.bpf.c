// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Map definitions from before BTF, which libbpf 1.0 removed.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_map_def {
	unsigned int type;
	unsigned int key_size;
	unsigned int value_size;
	unsigned int max_entries;
	unsigned int map_flags;
};

struct bpf_map_def SEC("maps") packets = {
	.type = BPF_MAP_TYPE_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u64),
	.max_entries = 1,
};

struct bpf_map_def SEC("maps/perf") samples = {
	.type = BPF_MAP_TYPE_PERF_EVENT_ARRAY,
	.key_size = sizeof(__u32),
	.value_size = sizeof(__u32),
};

SEC("socket")
int count(struct __sk_buff *packet)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&packets, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	return bpf_perf_event_output(packet, &samples, BPF_F_CURRENT_CPU, &key, sizeof(key));
}

char LICENSE[] SEC("license") = "GPL";

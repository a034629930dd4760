// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A map type newer than 5.10: the bloom filter came with 5.16. libbpf creates all maps, so no program here loads on older kernels.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 1000);
	__type(value, unsigned long long);
} names SEC(".maps");

SEC("tp_btf/sched_process_exit")
int BPF_PROG(remember_exit)
{
	unsigned long long id = bpf_get_current_pid_tgid();

	bpf_map_push_elem(&names, &id, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

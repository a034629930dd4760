// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Enumerators: their values, whether they exist, of a flavor, of 64 bits, and one that no kernel has.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

enum bpf_map_type___go {
	BPF_MAP_TYPE_BLOOM_FILTER___go = 1,
	BPF_MAP_TYPE_ARENA___go = 2,
	BPF_MAP_TYPE_GO_PROJECT = 3,
};

enum node_stat_item {
	NR_FILE_PAGES,
	NR_ANON_MAPPED = 77,
};

enum zone_stat_item___missing {
	NR_GO_PROJECT = 1,
};

__u64 seen;

SEC("raw_tp/sys_enter")
int values(void *context)
{
	seen = bpf_core_enum_value(enum node_stat_item, NR_ANON_MAPPED) + bpf_core_enum_value(enum node_stat_item, NR_FILE_PAGES);
	return 0;
}

SEC("raw_tp/sys_enter")
int guarded(void *context)
{
	if (bpf_core_enum_value_exists(enum bpf_map_type___go, BPF_MAP_TYPE_BLOOM_FILTER___go))
		seen = bpf_core_enum_value(enum bpf_map_type___go, BPF_MAP_TYPE_BLOOM_FILTER___go);
	if (bpf_core_enum_value_exists(enum bpf_map_type___go, BPF_MAP_TYPE_ARENA___go))
		seen = bpf_core_enum_value(enum bpf_map_type___go, BPF_MAP_TYPE_ARENA___go);
	return 0;
}

SEC("raw_tp/sys_enter")
int newer(void *context)
{
	seen = bpf_core_enum_value(enum bpf_map_type___go, BPF_MAP_TYPE_ARENA___go);
	return 0;
}

SEC("raw_tp/sys_enter")
int no_kernel(void *context)
{
	seen = bpf_core_enum_value(enum bpf_map_type___go, BPF_MAP_TYPE_GO_PROJECT);
	return 0;
}

SEC("raw_tp/sys_enter")
int no_value(void *context)
{
	seen = bpf_core_enum_value_exists(enum zone_stat_item___missing, NR_GO_PROJECT);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

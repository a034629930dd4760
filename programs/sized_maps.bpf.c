// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The loader sizes these maps: without the settings in corematrix.yaml no kernel can create them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

// The loader has an option for the depth of the stack.
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, sizeof(__u32));
} stacks SEC(".maps");

// One entry for each processor.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
} per_processor SEC(".maps");

// The loader provides the inner maps.
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 8);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} by_group SEC(".maps");

struct group {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u64);
};

// The inner maps have no size yet.
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct group);
} two_groups SEC(".maps");

SEC("raw_tp/sched_switch")
int count_switches(void *ctx)
{
	__u32 key = bpf_get_smp_processor_id();
	__u64 *switches = bpf_map_lookup_elem(&per_processor, &key);
	void *group = bpf_map_lookup_elem(&by_group, &key);

	if (switches)
		*switches += 1;
	if (group)
		bpf_map_lookup_elem(group, &key);
	group = bpf_map_lookup_elem(&two_groups, &key);
	if (group)
		bpf_map_lookup_elem(group, &key);
	bpf_get_stackid(ctx, &stacks, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

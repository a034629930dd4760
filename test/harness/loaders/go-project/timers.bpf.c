// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A map whose values hold a lock, and one whose values hold a timer with its callback.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct locked {
	struct bpf_spin_lock lock;
	__u64 count;
};

struct timed {
	struct bpf_timer timer;
	__u64 fired;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct locked);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, struct timed);
} timers SEC(".maps");

static int fire(void *map, __u32 *key, struct timed *value)
{
	value->fired++;
	return 0;
}

SEC("tc")
int locking(struct __sk_buff *packet)
{
	__u32 key = 0;
	struct locked *value = bpf_map_lookup_elem(&counters, &key);

	if (!value)
		return 0;
	bpf_spin_lock(&value->lock);
	value->count++;
	bpf_spin_unlock(&value->lock);
	return 0;
}

SEC("tc")
int starting(struct __sk_buff *packet)
{
	__u32 key = 0;
	struct timed *value = bpf_map_lookup_elem(&timers, &key);

	if (!value)
		return 0;
	bpf_timer_init(&value->timer, &timers, 1);
	bpf_timer_set_callback(&value->timer, fire);
	return bpf_timer_start(&value->timer, 1000, 0);
}

char LICENSE[] SEC("license") = "GPL";

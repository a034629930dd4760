// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A ring buffer that user space fills, drained by a callback.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct message {
	__u32 kind;
};

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 1 << 12);
} commands SEC(".maps");

__u64 drained;

static long take(struct bpf_dynptr *pointer, void *context)
{
	struct message *message = bpf_dynptr_data(pointer, 0, sizeof(*message));

	if (message)
		drained += message->kind;
	return 0;
}

SEC("raw_tp/sys_enter")
int drain(void *context)
{
	bpf_user_ringbuf_drain(&commands, take, NULL, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

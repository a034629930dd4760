// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Several flavors of one type in one function, and a path through an anonymous member.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct request___new {
	int internal_tag;
	struct request_queue *q;
};

struct request___old {
	void *rq_disk;
};

struct request_queue {
	struct gendisk *disk;
};

struct page {
	union {
		struct {
			void *mapping;
		};
	};
};

struct sock_common {
	unsigned short skc_family;
	unsigned short skc_dport;
};

struct sock {
	struct sock_common __sk_common;
};

struct inet_sock {
	struct sock sk;
	unsigned short inet_sport;
};

#pragma clang attribute pop

__u64 seen;

SEC("raw_tp/block_rq_complete")
int disk_of_request(struct bpf_raw_tracepoint_args *context)
{
	struct request___new *new = (void *)context->args[0];
	struct request___old *old = (void *)context->args[0];

	if (bpf_core_field_exists(old->rq_disk))
		seen = (__u64)BPF_CORE_READ(old, rq_disk);
	else
		seen = (__u64)BPF_CORE_READ(new, q, disk);
	return 0;
}

SEC("raw_tp/mm_filemap_add_to_page_cache")
int anonymous_member(struct bpf_raw_tracepoint_args *context)
{
	struct page *page = (void *)context->args[0];

	seen = (__u64)BPF_CORE_READ(page, mapping);
	return 0;
}

SEC("raw_tp/inet_sock_set_state")
int nested(struct bpf_raw_tracepoint_args *context)
{
	struct inet_sock *socket = (void *)context->args[0];

	seen = BPF_CORE_READ(socket, sk.__sk_common.skc_dport) + BPF_CORE_READ(socket, inet_sport);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

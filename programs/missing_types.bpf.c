// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A removed type and an enumerator that older kernels lack, each without and with a check.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

// Merged into struct block_device in 5.11.
struct hd_struct {
	int partno;
};

struct request {
	struct hd_struct *part;
};

#pragma clang attribute pop

// BPF_TCX_INGRESS came with 6.6; the flavor keeps it apart from the header's own enum.
enum bpf_attach_type___tcx {
	BPF_TCX_INGRESS___tcx = 46,
};

int partition;
unsigned long long attach_type;

SEC("tp_btf/block_rq_complete")
int BPF_PROG(type_assumed, struct request *request)
{
	partition = BPF_CORE_READ(request, part, partno);
	return 0;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(type_checked, struct request *request)
{
	if (bpf_core_type_exists(struct hd_struct))
		partition = BPF_CORE_READ(request, part, partno);
	return 0;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(enumerator_assumed)
{
	attach_type = bpf_core_enum_value(enum bpf_attach_type___tcx, BPF_TCX_INGRESS___tcx);
	return 0;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(enumerator_checked)
{
	if (bpf_core_enum_value_exists(enum bpf_attach_type___tcx, BPF_TCX_INGRESS___tcx))
		attach_type = bpf_core_enum_value(enum bpf_attach_type___tcx, BPF_TCX_INGRESS___tcx);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

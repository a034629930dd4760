// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A program of a section that no loader knows, beside a known one.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("go_project/custom")
int custom(void *context)
{
	return 0;
}

SEC("xdp")
int known(struct xdp_md *context)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";

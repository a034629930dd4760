// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// An attach target that vanished: do_unlinkat() can be traced until the kernel no longer has a function of that name.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

int calls;

SEC("fentry/do_unlinkat")
int BPF_PROG(by_internal_name)
{
	calls++;
	return 0;
}

// LSM hooks keep their names.
SEC("fentry/security_inode_unlink")
int BPF_PROG(by_hook)
{
	calls++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

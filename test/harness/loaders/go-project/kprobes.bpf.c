// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Probes of kernel functions: one function, its return, many at once, and a session of both.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 calls;

SEC("kprobe/do_unlinkat")
int entered(void *context)
{
	calls++;
	return 0;
}

SEC("kretprobe/do_unlinkat")
int returned(void *context)
{
	calls++;
	return 0;
}

SEC("kprobe.multi/vfs_*")
int many_entered(void *context)
{
	calls += bpf_get_func_ip(context) != 0;
	return 0;
}

SEC("kretprobe.multi/vfs_*")
int many_returned(void *context)
{
	calls++;
	return 0;
}

SEC("kprobe.session/vfs_read")
int session(void *context)
{
	calls++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Probes of user space: entry and return, a sleepable one, many at once, and a static tracepoint.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 calls;

SEC("uprobe/bash_readline")
int entered(void *context)
{
	calls++;
	return 0;
}

SEC("uretprobe")
int returned(void *context)
{
	calls++;
	return 0;
}

SEC("uprobe.s")
int sleeping(void *context)
{
	char text[8];

	return bpf_copy_from_user(text, sizeof(text), (void *)8) == 0;
}

SEC("uprobe.multi")
int many_entered(void *context)
{
	calls++;
	return 0;
}

SEC("usdt")
int marked(void *context)
{
	calls++;
	return 0;
}

SEC("ksyscall/unlinkat")
int on_syscall(void *context)
{
	calls++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

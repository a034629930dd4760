// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Trampolines at the entry and exit of functions: a sleepable one that only newer kernels accept, and one at a function that they lost.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct filename {
	const char *name;
};

#pragma clang attribute pop

__u64 first_bytes;

SEC("fentry/do_unlinkat")
int BPF_PROG(entered, int directory, struct filename *name)
{
	first_bytes = (__u64)name->name;
	return 0;
}

SEC("fexit/do_unlinkat")
int BPF_PROG(left, int directory, struct filename *name, long result)
{
	first_bytes += result < 0;
	return 0;
}

SEC("fentry.s/__x64_sys_nanosleep")
int BPF_PROG(sleeping)
{
	char text[8];

	bpf_copy_from_user(text, sizeof(text), (void *)8);
	return 0;
}

SEC("fmod_ret/security_file_open")
int BPF_PROG(refused, void *file, int result)
{
	return result;
}

SEC("fentry/__x64_sys_sysctl")
int BPF_PROG(function_gone)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Arguments of a probed function by their registers, which bpf2go compiles for one processor.
#include <linux/bpf.h>

/* The registers have the names of the kernel, as in vmlinux.h. */
#define __VMLINUX_H__

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct pt_regs {
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long ip;
	unsigned long sp;
};

struct filename {
	const char *name;
};

#pragma clang attribute pop

__u64 seen;

SEC("kprobe/do_unlinkat")
int BPF_KPROBE(entered, int directory, struct filename *name)
{
	seen = (__u64)BPF_CORE_READ(name, name) + directory;
	return 0;
}

SEC("kretprobe/do_unlinkat")
int BPF_KRETPROBE(returned, long result)
{
	seen = result;
	return 0;
}

SEC("ksyscall/unlinkat")
int BPF_KSYSCALL(on_syscall, int directory, const char *path)
{
	seen = (__u64)path;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A struct split in two: inode.i_ctime became __i_ctime in 6.6, and i_ctime_sec with i_ctime_nsec in 6.11.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct timespec64 {
	long long tv_sec;
	long tv_nsec;
};

struct inode {
	struct timespec64 i_ctime;
};

struct inode___6_6 {
	struct timespec64 __i_ctime;
};

struct inode___6_11 {
	long long i_ctime_sec;
};

struct file {
	struct inode *f_inode;
};

#pragma clang attribute pop

long long changed;

SEC("fentry/security_file_open")
int BPF_PROG(one_layout, struct file *file)
{
	changed = BPF_CORE_READ(file, f_inode, i_ctime.tv_sec);
	return 0;
}

SEC("fentry/security_file_open")
int BPF_PROG(every_layout, struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct inode___6_6 *newer = (void *)inode;
	struct inode___6_11 *newest = (void *)inode;

	if (bpf_core_field_exists(newest->i_ctime_sec))
		changed = BPF_CORE_READ(newest, i_ctime_sec);
	else if (bpf_core_field_exists(newer->__i_ctime))
		changed = BPF_CORE_READ(newer, __i_ctime.tv_sec);
	else
		changed = BPF_CORE_READ(inode, i_ctime.tv_sec);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

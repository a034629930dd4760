// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Security hooks: a plain, a sleepable and one of control groups.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct file {
	unsigned int f_flags;
};

#pragma clang attribute pop

SEC("lsm/file_open")
int BPF_PROG(opened, struct file *file, int result)
{
	return result ? result : -(file->f_flags == 0xffff);
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(executed, void *program)
{
	return 0;
}

SEC("lsm_cgroup/socket_bind")
int BPF_PROG(bound, void *socket, void *address, int length)
{
	return 1;
}

SEC("lsm/go_project_missing")
int BPF_PROG(nowhere)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

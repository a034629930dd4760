// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Values of the kernel configuration: the version, a number, a switch and a text.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern unsigned long CONFIG_HZ __kconfig;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL __kconfig;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig;

__u64 seen;

SEC("raw_tp/sys_enter")
int by_version(void *context)
{
	seen += LINUX_KERNEL_VERSION >= 0x060100;
	return 0;
}

SEC("raw_tp/sys_enter")
int by_options(void *context)
{
	seen += CONFIG_HZ + (CONFIG_BPF_SYSCALL == TRI_YES) + CONFIG_DEFAULT_HOSTNAME[0];
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

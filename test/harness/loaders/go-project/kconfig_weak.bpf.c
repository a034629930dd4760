// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A weak value of the kernel configuration that no kernel has. libbpf gives 0; cilium/ebpf needs every value.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

extern unsigned int LINUX_KERNEL_VERSION __kconfig;
extern bool CONFIG_GO_PROJECT_MISSING __kconfig __weak;

__u64 seen;

SEC("raw_tp/sys_enter")
int weak_option(void *context)
{
	if (CONFIG_GO_PROJECT_MISSING)
		seen += LINUX_KERNEL_VERSION;
	return 0;
}

SEC("raw_tp/sys_exit")
int without_options(void *context)
{
	seen++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

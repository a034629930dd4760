// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A strong kernel configuration value that older kernels lack: CONFIG_CRASH_CORE became CONFIG_VMCORE_INFO in 6.9.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

extern bool CONFIG_VMCORE_INFO __kconfig;

bool has_vmcore_info;

SEC("raw_tp/sched_switch")
int assumed(void *context)
{
	has_vmcore_info = CONFIG_VMCORE_INFO;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

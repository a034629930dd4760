// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Values of the kernel configuration: some that every kernel here has, and one that is tested first because not all have it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <stdbool.h>

extern unsigned int CONFIG_HZ __kconfig;
extern bool CONFIG_BPF_JIT __kconfig;
extern enum libbpf_tristate CONFIG_KVM __kconfig __weak;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig;
// Came with 6.13.
extern bool CONFIG_PREEMPT_LAZY __kconfig __weak;

unsigned long long ticks;

SEC("raw_tp/sched_switch")
int count_ticks(void *context)
{
	unsigned int hz = CONFIG_HZ;

	if (!CONFIG_BPF_JIT || CONFIG_KVM == TRI_NO || CONFIG_DEFAULT_HOSTNAME[0] == '\0')
		return 0;
	ticks += CONFIG_PREEMPT_LAZY ? 1 : 1000 / (hz ? hz : 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Several types of one name: Xen's event channels, the 8250 serial driver and the PCI interrupt router each have a struct irq_info.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct irq_info {
	unsigned int irq;
};

struct irq_info___xen {
	unsigned int evtchn;
	unsigned int irq;
};

#pragma clang attribute pop

unsigned int number;
unsigned int channel;

// Two of them have an integer `irq`, at different offsets, so libbpf refuses to choose.
SEC("raw_tp/kfree")
int BPF_PROG(any_of_them, unsigned long call_site, struct irq_info *info)
{
	number = BPF_CORE_READ(info, irq);
	return 0;
}

// Only Xen's has `evtchn`. After libbpf has chosen it for this type, it looks for `irq` there only.
SEC("raw_tp/kfree")
int BPF_PROG(the_one_with_channels, unsigned long call_site, struct irq_info___xen *info)
{
	channel = BPF_CORE_READ(info, evtchn);
	number = BPF_CORE_READ(info, irq);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

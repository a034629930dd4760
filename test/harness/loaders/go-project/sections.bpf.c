// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Global variables in sections of their own, with strings, zeros and a static one among them.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 in_bss;
__u64 in_data = 7;
static __u64 hidden = 3;
__u64 of_requests SEC(".data.requests") = 1;
__u32 zeros[4] SEC(".data.zeros");
const char greeting[] SEC(".rodata.text") = "hello";
const volatile __u32 step = 2;

SEC("raw_tp/sys_exit")
int on_exit(void *context)
{
	in_bss += step;
	in_data += hidden++;
	__sync_fetch_and_add(&of_requests, 1);
	zeros[in_data & 3]++;
	bpf_printk("%s %d", greeting, in_data);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

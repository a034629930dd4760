// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Constants that the Go program sets before the load, some of them static.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

volatile const __u32 wanted_pid = 0;
static volatile const __u16 wanted_port = 443;
static volatile const char prefix[8] = "eth";
const volatile struct {
	__u8 verbose;
	__u64 limit;
} options = { .limit = 100 };

__u64 seen;

SEC("raw_tp/sys_enter")
int on_enter(void *context)
{
	if (wanted_pid && wanted_pid != bpf_get_current_pid_tgid() >> 32)
		return 0;
	if (seen < options.limit && wanted_port != 0 && prefix[0] == 'e')
		seen++;
	return options.verbose;
}

char LICENSE[] SEC("license") = "GPL";

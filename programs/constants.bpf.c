// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// The loader fills in these constants. They decide which branches are dead code.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct___before_5_14 {
	volatile long state;
};

#pragma clang attribute pop

enum mode { MODE_OFF, MODE_OLD, MODE_NEW };

struct limits {
	__u16 depth;
	__s8 nice[4];
};

const volatile enum mode mode = MODE_OLD;
const volatile _Bool with_state = 1;
const volatile char comm[16] = "";
const volatile struct limits limits = {};
__u64 mask = 1;
long seen;

extern int CONFIG_HZ __kconfig;
extern _Bool CONFIG_COREMATRIX_SAMPLE __kconfig __weak;

// The program reads the field under its old name unless the loader sets the constant.
SEC("tp_btf/sched_process_exit")
int BPF_PROG(old_state, struct task_struct___before_5_14 *task)
{
	if (with_state && mode == MODE_OLD)
		seen = task->state;
	return 0;
}

// No program below loads with the compiled value: each calls a helper that no kernel has.
#define NO_HELPER ((long (*)(void))100000)

SEC("raw_tp/sched_switch")
int by_text(void *ctx)
{
	if (comm[0] != 's' || comm[5] != 0)
		return NO_HELPER();
	return 0;
}

SEC("raw_tp/sched_switch")
int by_struct(void *ctx)
{
	if (limits.depth != 300 || limits.nice[1] != -20)
		return NO_HELPER();
	seen = mask;
	return 0;
}

SEC("raw_tp/sched_switch")
int by_kconfig(void *ctx)
{
	if (CONFIG_HZ != 1234 || !CONFIG_COREMATRIX_SAMPLE)
		return NO_HELPER();
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

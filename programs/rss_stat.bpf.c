// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// A struct that became an array: mm_struct.rss_stat was a struct of counters until 6.2, then one percpu_counter each.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	long long counter;
} atomic64_t;

struct mm_rss_stat {
	atomic64_t count[4];
};

struct percpu_counter {
	long long count;
};

struct mm_struct {
	struct mm_rss_stat rss_stat;
};

struct mm_struct___6_2 {
	struct percpu_counter rss_stat[4];
};

struct task_struct {
	struct mm_struct *mm;
};

#pragma clang attribute pop

long long pages;

SEC("tp_btf/sched_process_exit")
int BPF_PROG(one_shape, struct task_struct *task)
{
	pages = BPF_CORE_READ(task, mm, rss_stat.count[1].counter);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(both_shapes, struct task_struct *task)
{
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	struct mm_struct___6_2 *newer = (void *)mm;

	if (bpf_core_field_exists(newer->rss_stat[1].count))
		pages = BPF_CORE_READ(newer, rss_stat[1].count);
	else
		pages = BPF_CORE_READ(mm, rss_stat.count[1].counter);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

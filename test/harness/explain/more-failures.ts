// Failures other than a missing field: programs of one object, and objects that libbpf refuses as a whole.

const HEAD = `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
typedef __u8 u8; typedef __u32 u32; typedef __u64 u64;
char LICENSE[] SEC("license") = "GPL";
u64 seen;
`;

/** A program on a tracepoint that every kernel has. */
const program = (name: string, body: string) => `SEC("raw_tp/sched_switch")
int ${name}(u64 *ctx)
{
	${body}
	return 0;
}
`;

/** Programs of one object that fail independently. A run loads each alone. */
const PROGRAMS: Readonly<Record<string, string>> = {
  helper_task_btf: program('helper_task_btf', 'seen = (u64)bpf_get_current_task_btf();'),
  helper_tai: program('helper_tai', 'seen = bpf_ktime_get_tai_ns();'),
  helper_strncmp: program('helper_strncmp', 'char text[4] = "abc";\n\tseen = bpf_strncmp(text, 4, fixed);'),
  helper_loop: program('helper_loop', 'seen = bpf_loop(10, round, 0, 0);'),
  helper_snprintf: program(
    'helper_snprintf',
    'char text[8];\n\tu64 arguments[1] = {1};\n\tseen = bpf_snprintf(text, sizeof(text), format, arguments, 8);',
  ),
  helper_for_each: program('helper_for_each', 'seen = bpf_for_each_map_elem(&counts, each, 0, 0);'),
  two_helpers: program(
    'two_helpers',
    'seen = bpf_get_current_task_btf() != 0;\n\tseen += bpf_jiffies64();\n\tseen += bpf_ktime_get_tai_ns();',
  ),
  foreign_skb: program('foreign_skb', 'char bytes[4];\n\tseen = bpf_skb_load_bytes((void *)ctx, 0, bytes, 4);'),
  foreign_redirect: program('foreign_redirect', 'seen = bpf_redirect(1, 0);'),
  foreign_override: program('foreign_override', 'seen = bpf_override_return((void *)ctx, 1);'),
  number_as_pointer: program('number_as_pointer', 'seen = *(int *)ctx[1];'),
  not_initialized: program('not_initialized', 'asm volatile("r2 = r7\\n*(u64 *)(r10 - 8) = r2" ::: "r2", "memory");'),
  not_checked: program('not_checked', 'u32 key = 0;\n\tseen = *(u64 *)bpf_map_lookup_elem(&counts, &key);'),
  not_released: program('not_released', 'void *record = bpf_ringbuf_reserve(&records, 8, 0);\n\tif (!record)\n\t\treturn 0;\n\tseen = 1;'),
  not_bounded: program('not_bounded', 'seen = table[ctx[1]];'),
  not_a_key: program('not_a_key', 'seen = bpf_map_lookup_elem(&counts, (void *)ctx[1]) != 0;'),
  not_writable: program('not_writable', '*(volatile int *)&constant = 1;'),
  no_end: program('no_end', 'for (;;)\n\t\tasm volatile("r3 = 1" ::: "r3");'),
  too_deep: program('too_deep', 'seen = outer(ctx[1]);'),
  too_many_jumps: program(
    'too_many_jumps',
    'u64 sum = 0;\n\tfor (int at = 0; at < 9000; at++)\n\t\tif (bpf_get_prandom_u32() & 1)\n\t\t\tsum += at;\n\tseen = sum;',
  ),
  atomic_result: program('atomic_result', 'seen = __sync_fetch_and_add(&counter, 1);'),
  signed_load: program('signed_load', 'asm volatile("*(u64 *)(r10 - 8) = r1\\n.8byte 0xfffca391" ::: "r3", "memory");'),
  no_such_argument: `SEC("tp_btf/sched_switch")
int no_such_argument(u64 *ctx)
{
	seen = ctx[20];
	return 0;
}
`,
  wrong_answer: `SEC("cgroup/dev")
int wrong_answer(void *ctx)
{
	return 5;
}
`,
  no_netfilter: `SEC("netfilter")
int no_netfilter(void *ctx)
{
	return 1;
}
`,
  no_syscall: `SEC("syscall")
int no_syscall(void *ctx)
{
	return 0;
}
`,
  no_unix_hook: `SEC("cgroup/connect_unix")
int no_unix_hook(void *ctx)
{
	return 1;
}
`,
  no_function: `SEC("fentry/do_unlinkat")
int no_function(u64 *ctx)
{
	return 0;
}
`,
  misspelled_function: `SEC("fentry/do_sys_openat3")
int misspelled_function(u64 *ctx)
{
	return 0;
}
`,
  no_tracepoint: `SEC("tp_btf/sched_ext_dump")
int no_tracepoint(u64 *ctx)
{
	return 0;
}
`,
  no_new_hook: `SEC("lsm/inode_set_acl")
int no_new_hook(u64 *ctx)
{
	return 0;
}
`,
  no_old_hook: `SEC("lsm/task_getsecid")
int no_old_hook(u64 *ctx)
{
	return 0;
}
`,
  no_iterator: `SEC("iter/task_vma")
int no_iterator(u64 *ctx)
{
	return 0;
}
`,
  not_modifiable: `SEC("fmod_ret/do_nanosleep")
int not_modifiable(u64 *ctx)
{
	return 0;
}
`,
  element_beyond: program('element_beyond', 'struct pid *pid = (void *)ctx[1];\n\tseen = BPF_CORE_READ(pid, numbers[3].nr);'),
  enumerator_value: program('enumerator_value', 'seen = bpf_core_enum_value(enum bpf_attach_type___own, BPF_TCX_INGRESS___own);'),
  enumerator_gone: program('enumerator_gone', 'seen = bpf_core_enum_value(enum pageflags___own, PG_slab___own);'),
  enum_missing: program('enum_missing', 'seen = bpf_core_enum_value(enum scx_ops_flags___own, SCX_OPS_ENQ_LAST___own);'),
  size_of_field: program('size_of_field', 'struct dentry *dentry = (void *)ctx[1];\n\tseen = bpf_core_field_size(dentry->d_iname);'),
  other_width: `SEC("tp_btf/sched_process_exit")
int BPF_PROG(other_width, struct task_struct___own *task)
{
	seen = task->exit_state;
	return 0;
}
`,
  two_fields: program(
    'two_fields',
    'struct task_struct___own *task = (void *)ctx[1];\n\tseen = BPF_CORE_READ(task, first_missing);\n\tseen += BPF_CORE_READ(task, second_missing);',
  ),
};

const TYPES = `#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct upid { int nr; };
struct pid { unsigned int level; struct upid numbers[4]; };
struct dentry { unsigned char d_iname[32]; };
struct task_struct___own { short exit_state; int first_missing; int second_missing; };
#pragma clang attribute pop
enum bpf_attach_type___own { BPF_TCX_INGRESS___own = 46 };
enum pageflags___own { PG_slab___own = 9 };
enum scx_ops_flags___own { SCX_OPS_ENQ_LAST___own = 2 };
static const char fixed[4] = "abd";
const volatile int constant = 0;
static const char format[] = "%d";
u64 table[8];
u64 counter;
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");
static long round(u32 index, void *context) { return 0; }
static long each(void *map, u32 *key, u64 *value, void *context) { return 0; }
static __noinline u64 inner(u64 from)
{
	volatile u64 buffer[40];
	buffer[from & 31] = from;
	return buffer[(from + 1) & 31];
}
static __noinline u64 outer(u64 from)
{
	volatile u64 buffer[40];
	buffer[from & 31] = inner(from);
	return buffer[(from + 1) & 31];
}
`;

const map = (name: string, lines: string) => `${HEAD}
struct {
	${lines.split('; ').join(';\n\t')};
} ${name} SEC(".maps");
${program(`use_${name}`, `seen = (u64)&${name};`)}`;

/** Objects that libbpf refuses as a whole, on some kernels or on all. */
const OBJECTS: Readonly<Record<string, string>> = {
  kfunc_missing: `${HEAD}
struct task_struct { int pid; };
struct task_struct *bpf_task_from_pid(int pid) __ksym;
void bpf_task_release(struct task_struct *task) __ksym;
SEC("tp_btf/sched_switch")
int kfunc_missing(u64 *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1);
	if (task)
		bpf_task_release(task);
	return 0;
}
`,
  kfunc_other: `${HEAD}
void *bpf_obj_new_impl(u64 size) __ksym;
SEC("tp_btf/sched_switch")
int kfunc_other(u64 *ctx)
{
	seen = (u64)bpf_obj_new_impl(8);
	return 0;
}
`,
  kfunc_hides: `${HEAD}
struct task_struct___own { int no_such_field; } __attribute__((preserve_access_index));
void bpf_rcu_read_lock(void) __ksym;
void bpf_rcu_read_unlock(void) __ksym;
SEC("tp_btf/sched_switch")
int kfunc_hides(u64 *ctx)
{
	struct task_struct___own *task = (void *)ctx[1];
	bpf_rcu_read_lock();
	bpf_rcu_read_unlock();
	seen = BPF_CORE_READ(task, no_such_field);
	return 0;
}
`,
  symbol_missing: `${HEAD}
extern const void no_such_symbol_anywhere __ksym;
${program('symbol_missing', 'seen = (u64)&no_such_symbol_anywhere;')}`,
  typed_symbol_missing: `${HEAD}
extern const int no_such_variable __ksym;
${program('typed_symbol_missing', 'seen = (u64)&no_such_variable;')}`,
  config_missing: `${HEAD}
extern int CONFIG_NO_SUCH_OPTION __kconfig;
${program('config_missing', 'seen = CONFIG_NO_SUCH_OPTION;')}`,
  config_too_small: `${HEAD}
extern char CONFIG_DEFAULT_HOSTNAME __kconfig;
${program('config_too_small', 'seen = CONFIG_DEFAULT_HOSTNAME;')}`,
  map_bloom: map('map_bloom', '__uint(type, BPF_MAP_TYPE_BLOOM_FILTER); __uint(max_entries, 100); __type(value, u64)'),
  map_user_ring: map('map_user_ring', '__uint(type, BPF_MAP_TYPE_USER_RINGBUF); __uint(max_entries, 4096)'),
  map_cgroup: map('map_cgroup', '__uint(type, BPF_MAP_TYPE_CGRP_STORAGE); __uint(map_flags, 1); __type(key, int); __type(value, u64)'),
  map_flags: map(
    'map_flags',
    '__uint(type, BPF_MAP_TYPE_ARRAY); __uint(map_flags, 0x40000000); __uint(max_entries, 1); __type(key, u32); __type(value, u64)',
  ),
  map_key: map('map_key', '__uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, u64); __type(value, u64)'),
  map_empty: map('map_empty', '__uint(type, BPF_MAP_TYPE_HASH); __type(key, u32); __type(value, u64)'),
  map_huge: map('map_huge', '__uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 0x40000000); __type(key, u32); __type(value, u64)'),
  ambiguous_type: `${HEAD}
struct irq_info { unsigned int irq; } __attribute__((preserve_access_index));
${program('ambiguous_type', 'struct irq_info *info = (void *)ctx[1];\n\tseen = BPF_CORE_READ(info, irq);')}`,
  ambiguous_size: `${HEAD}
struct irq_info { unsigned int irq; } __attribute__((preserve_access_index));
${program('ambiguous_size', 'seen = bpf_core_type_size(struct irq_info);')}`,
  ops_missing: `${HEAD}
struct sched_ext_ops { char name[128]; };
SEC(".struct_ops")
struct sched_ext_ops nothing = { .name = "nothing" };
${program('ops_missing', 'seen = 1;')}`,
  ops_member: `${HEAD}
struct tcp_congestion_ops { int (*no_such_member)(void *sk); char name[16]; };
SEC("struct_ops/no_such_member")
int no_such_member(u64 *ctx)
{
	return 0;
}
SEC(".struct_ops")
struct tcp_congestion_ops congestion = { .no_such_member = (void *)no_such_member, .name = "nothing" };
`,
  proprietary: `${HEAD.replace('"GPL"', '"Proprietary"')}
${program('proprietary', 'seen = bpf_probe_read_kernel(&seen, 8, (void *)ctx[1]);')}`,
};

/** Sources keyed by file name. */
export function moreSources(): Readonly<Record<string, string>> {
  return { programs: [HEAD, TYPES, ...Object.values(PROGRAMS)].join('\n'), ...OBJECTS };
}

// Sources for restricted guests and loaders. The name of an object selects the restriction (see restricted-agent/load.c).

const HEAD = `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
typedef __u8 u8; typedef __u32 u32; typedef __u64 u64;
char LICENSE[] SEC("license") = "GPL";
`;

/** Reads kernel memory with every helper that can. */
const READERS = `${HEAD}u64 seen;
SEC("raw_tp/sched_switch")
int reads_kernel(u64 *ctx)
{
	bpf_probe_read_kernel(&seen, sizeof(seen), (void *)ctx[1]);
	return 0;
}
SEC("raw_tp/sched_switch")
int reads_string(u64 *ctx)
{
	bpf_probe_read_kernel_str(&seen, sizeof(seen), (void *)ctx[1]);
	return 0;
}
SEC("raw_tp/sched_switch")
int reads_nothing(u64 *ctx)
{
	seen = bpf_ktime_get_ns();
	return 0;
}
`;

const TRACES = `${HEAD}
SEC("kprobe/do_exit")
int traces(void *ctx)
{
	return 0;
}
`;

/** A program that handles packets, and one that uses pointers as numbers. */
const FILTERS = `${HEAD}
SEC("xdp")
int takes_packets(struct xdp_md *ctx)
{
	return XDP_PASS;
}
SEC("socket")
int filters(struct __sk_buff *ctx)
{
	return ctx->len;
}
`;

const LARGE_MAP = `${HEAD}
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 100000);
	__type(key, u32);
	__type(value, u64);
} large SEC(".maps");
SEC("raw_tp/sched_switch")
int looks_up(void *ctx)
{
	u32 key = 0;
	bpf_map_lookup_elem(&large, &key);
	return 0;
}
`;

const RELOCATED = `${HEAD}u64 seen;
struct task_struct { int pid; } __attribute__((preserve_access_index));
SEC("raw_tp/sched_switch")
int relocated(u64 *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	seen = BPF_CORE_READ(task, pid);
	return 0;
}
`;

const HOOKED = `${HEAD}
SEC("fentry/do_exit")
int hooked(u64 *ctx)
{
	return 0;
}
SEC("tp_btf/sched_switch")
int traced(u64 *ctx)
{
	return 0;
}
`;

const EXTERN = `${HEAD}u64 seen;
extern const int bpf_prog_active __ksym;
SEC("raw_tp/sched_switch")
int looks_at(u64 *ctx)
{
	seen = (u64)&bpf_prog_active;
	return 0;
}
`;

const WITHOUT_TYPES = `${HEAD}
SEC("raw_tp/sched_switch")
int plain(void *ctx)
{
	return 0;
}
`;

/** A bounded loop with more instructions than the verifier accepts. */
const LONG_LOOP = `${HEAD}u64 seen;
SEC("raw_tp/sched_switch")
int long_loop(u64 *ctx)
{
	u64 sum = ctx[0];
	for (u32 at = 0; at < 1000000; at++) {
		sum ^= sum << 7;
		asm volatile("" : "+r"(sum), "+r"(at));
	}
	seen = sum;
	return 0;
}
`;

/** Sources keyed by file name. */
export function restrictedSources(): Readonly<Record<string, string>> {
  return {
    locked_down: READERS,
    no_capabilities: TRACES,
    no_perfmon: TRACES,
    no_net_admin: FILTERS,
    no_memlock: LARGE_MAP,
    no_kernel_btf_relocation: RELOCATED,
    no_kernel_btf_hook: HOOKED,
    no_kernel_btf_symbol: EXTERN,
    object_without_btf_map: LARGE_MAP,
    object_without_btf_plain: WITHOUT_TYPES,
    too_many_instructions: LONG_LOOP,
  };
}

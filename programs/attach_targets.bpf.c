// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// These programs load on every kernel. Only attaching shows whether their targets exist.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define TC_ACT_UNSPEC (-1)
#define SK_PASS 1

SEC("kprobe/do_unlinkat")
int function_gone(void *context)
{
	return 0;
}

SEC("tracepoint/kmem/kmalloc_node")
int event_gone(void *context)
{
	return 0;
}

// Not a link before 6.6.
SEC("tcx/ingress")
int ingress(struct __sk_buff *packet)
{
	return TC_ACT_UNSPEC;
}

SEC("raw_tp/sched_process_exec")
int on_exec(void *context)
{
	return 0;
}

SEC("iter/task")
int each_task(void *context)
{
	return 0;
}

// The configuration names the targets of the programs below.
SEC("kprobe")
int any_function(void *context)
{
	return 0;
}

SEC("xdp")
int packet_arrives(struct xdp_md *packet)
{
	return XDP_PASS;
}

SEC("cgroup_skb/egress")
int packet_leaves(struct __sk_buff *packet)
{
	return 1;
}

SEC("sk_lookup")
int on_lookup(struct bpf_sk_lookup *lookup)
{
	return SK_PASS;
}

SEC("perf_event")
int on_tick(void *context)
{
	return 0;
}

// The configuration names no target.
SEC("xdp")
int nowhere(struct xdp_md *packet)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";

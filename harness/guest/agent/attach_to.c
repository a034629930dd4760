// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "attach_to.h"

#include <linux/perf_event.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The first libbpf with tcx and netfilter links. */
#define HAS_1_3 (LIBBPF_MAJOR_VERSION > 1 || (LIBBPF_MAJOR_VERSION == 1 && LIBBPF_MINOR_VERSION >= 3))
#define TARGET_LIMIT 512
#define SAMPLES_PER_SECOND 1000

struct attachment attachment_of(struct bpf_link *link)
{
	return (struct attachment){ .link = link, .error = link ? 0 : -errno, .detail = "" };
}

static struct attachment refused(int error, const char *detail)
{
	return (struct attachment){ .error = error, .detail = detail };
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Cuts the offset off `function+offset` and returns it, 0 if there is none. */
static unsigned long cut_offset(char *function)
{
	char *plus = strchr(function, '+');

	if (!plus)
		return 0;
	*plus = '\0';
	return strtoul(plus + 1, NULL, 0);
}

static struct attachment attach_uprobe(struct bpf_program *program, char *target, bool returns)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = returns);
	char *function = strrchr(target, ':');

	if (!function)
		return refused(-EINVAL, "expected PATH:FUNCTION");
	*function++ = '\0';
	if (function[0] >= '0' && function[0] <= '9')
		return attachment_of(bpf_program__attach_uprobe_opts(program, -1, target, strtoul(function, NULL, 0), &options));
	unsigned long offset = cut_offset(function);
	options.func_name = function;
	return attachment_of(bpf_program__attach_uprobe_opts(program, -1, target, offset, &options));
}

static struct attachment attach_probe(struct bpf_program *program, char *target)
{
	const char *section = bpf_program__section_name(program);
	bool returns;

	section += section[0] == '?';
	returns = begins_with(section, "kret") || begins_with(section, "uret");
	if (section[0] == 'u')
		return attach_uprobe(program, target, returns);
	if (strstr(section, "syscall")) {
		LIBBPF_OPTS(bpf_ksyscall_opts, options, .retprobe = returns);

		return attachment_of(bpf_program__attach_ksyscall(program, target, &options));
	}
	if (bpf_program__expected_attach_type(program) == BPF_TRACE_KPROBE_MULTI) {
		LIBBPF_OPTS(bpf_kprobe_multi_opts, options, .retprobe = returns);

		return attachment_of(bpf_program__attach_kprobe_multi_opts(program, target, &options));
	}
	LIBBPF_OPTS(bpf_kprobe_opts, options, .retprobe = returns, .offset = cut_offset(target));
	return attachment_of(bpf_program__attach_kprobe_opts(program, target, &options));
}

static struct attachment attach_tracepoint(struct bpf_program *program, char *target)
{
	char *name = strchr(target, '/');

	if (!name)
		return refused(-EINVAL, "expected CATEGORY/NAME");
	*name++ = '\0';
	return attachment_of(bpf_program__attach_tracepoint(program, target, name));
}

/* Attaches through a clsact queueing discipline, for programs that are not attached as a link. */
static struct attachment attach_filter(struct bpf_program *program, unsigned int interface, bool leaves)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)interface, .attach_point = leaves ? BPF_TC_EGRESS : BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = bpf_program__fd(program));
	int error = bpf_tc_hook_create(&hook);

	if (error && error != -EEXIST)
		return refused(error, "the clsact queueing discipline cannot be set up");
	return refused(bpf_tc_attach(&hook, &options), "");
}

/* The target is `INTERFACE`, or `INTERFACE/egress` for filters, because their sections name no direction. */
static struct attachment attach_interface(struct bpf_program *program, char *target)
{
	char *direction = strchr(target, '/');
	unsigned int interface;

	if (direction)
		*direction++ = '\0';
	interface = if_nametoindex(target);
	if (!interface)
		return refused(-errno, "no such interface in the guest");
	if (bpf_program__type(program) == BPF_PROG_TYPE_XDP)
		return attachment_of(bpf_program__attach_xdp(program, (int)interface));
#if HAS_1_3
	if (bpf_program__expected_attach_type(program) != 0)
		return attachment_of(bpf_program__attach_tcx(program, (int)interface, NULL));
#endif
	return attach_filter(program, interface, direction && strcmp(direction, "egress") == 0);
}

static struct attachment attach_path(struct bpf_program *program, const char *target,
                                     struct bpf_link *(*attach)(const struct bpf_program *, int))
{
	int fd = open(target, O_RDONLY | O_CLOEXEC);
	struct attachment attachment;

	if (fd < 0)
		return refused(-errno, "the guest has no such path");
	attachment = attachment_of(attach(program, fd));
	close(fd);
	return attachment;
}

static const struct {
	const char *name;
	enum perf_sw_ids event;
} software_events[] = {
	{ "cpu-clock", PERF_COUNT_SW_CPU_CLOCK },
	{ "task-clock", PERF_COUNT_SW_TASK_CLOCK },
	{ "page-faults", PERF_COUNT_SW_PAGE_FAULTS },
	{ "context-switches", PERF_COUNT_SW_CONTEXT_SWITCHES },
};

static struct attachment attach_event(struct bpf_program *program, const char *target)
{
	for (size_t i = 0; i < sizeof(software_events) / sizeof(software_events[0]); i++) {
		struct perf_event_attr attributes = {
			.type = PERF_TYPE_SOFTWARE,
			.size = sizeof(attributes),
			.config = software_events[i].event,
			.sample_freq = SAMPLES_PER_SECOND,
			.freq = 1,
		};
		struct attachment attachment;
		int fd;

		if (strcmp(target, software_events[i].name) != 0)
			continue;
		fd = (int)syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
		if (fd < 0)
			return refused(-errno, "perf_event_open() fails");
		attachment = attachment_of(bpf_program__attach_perf_event(program, fd));
		if (!attachment.link)
			close(fd);
		return attachment;
	}
	return refused(-EINVAL, "expected cpu-clock, task-clock, page-faults or context-switches");
}

#if HAS_1_3
static struct attachment attach_netfilter(struct bpf_program *program, const char *target)
{
	/* enum nf_inet_hooks and NFPROTO_* in include/uapi/linux/netfilter.h. */
	static const char *const hooks[] = { "pre_routing", "local_in", "forward", "local_out", "post_routing" };
	LIBBPF_OPTS(bpf_netfilter_opts, options, .pf = begins_with(target, "ipv6/") ? 10 : 2, .priority = 1);

	for (uint32_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
		if ((begins_with(target, "ipv4/") || begins_with(target, "ipv6/")) && strcmp(target + strlen("ipv4/"), hooks[i]) == 0) {
			options.hooknum = i;
			return attachment_of(bpf_program__attach_netfilter(program, &options));
		}
	return refused(-EINVAL, "expected ipv4/ or ipv6/ and pre_routing, local_in, forward, local_out or post_routing");
}
#endif

static struct attachment attach_map(struct bpf_object *object, struct bpf_program *program, const char *target)
{
	int fd = bpf_object__find_map_fd_by_name(object, target);

	if (fd < 0)
		return refused(fd, "the object has no such map");
	return refused(bpf_prog_attach(bpf_program__fd(program), fd, bpf_program__expected_attach_type(program), 0), "");
}

struct attachment attach_program_to(struct bpf_object *object, struct bpf_program *program, const char *target)
{
	char copy[TARGET_LIMIT];

	if (strlen(target) >= sizeof(copy))
		return refused(-ENAMETOOLONG, "the target is too long");
	strcpy(copy, target);
	switch (bpf_program__type(program)) {
	case BPF_PROG_TYPE_KPROBE:
		return attach_probe(program, copy);
	case BPF_PROG_TYPE_TRACEPOINT:
		return attach_tracepoint(program, copy);
	case BPF_PROG_TYPE_RAW_TRACEPOINT:
	case BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE:
		return attachment_of(bpf_program__attach_raw_tracepoint(program, target));
	case BPF_PROG_TYPE_XDP:
	case BPF_PROG_TYPE_SCHED_CLS:
		return attach_interface(program, copy);
	case BPF_PROG_TYPE_CGROUP_SKB:
	case BPF_PROG_TYPE_CGROUP_SOCK:
	case BPF_PROG_TYPE_CGROUP_SOCK_ADDR:
	case BPF_PROG_TYPE_CGROUP_SOCKOPT:
	case BPF_PROG_TYPE_CGROUP_SYSCTL:
	case BPF_PROG_TYPE_CGROUP_DEVICE:
	case BPF_PROG_TYPE_SOCK_OPS:
	case BPF_PROG_TYPE_LSM:
		return attach_path(program, target, bpf_program__attach_cgroup);
	case BPF_PROG_TYPE_SK_LOOKUP:
	case BPF_PROG_TYPE_FLOW_DISSECTOR:
		return attach_path(program, target, bpf_program__attach_netns);
	case BPF_PROG_TYPE_PERF_EVENT:
		return attach_event(program, target);
#if HAS_1_3
	case BPF_PROG_TYPE_NETFILTER:
		return attach_netfilter(program, target);
#endif
	case BPF_PROG_TYPE_SK_SKB:
	case BPF_PROG_TYPE_SK_MSG:
		return attach_map(object, program, target);
	default:
		return refused(-EOPNOTSUPP, "programs of this type are not attached to anything by name");
	}
}

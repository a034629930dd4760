// SPDX-License-Identifier: Apache-2.0
#include "supported.h"

#include "attach_target.h"
#include "messages.h"
#include "symbol_lists.h"
#include "traceable.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVENTS "/sys/kernel/tracing/events"
#define KNOWN 256

/* `target` is CATEGORY/NAME. */
static bool has_tracepoint(const char *target)
{
	char path[512];

	snprintf(path, sizeof(path), EVENTS "/%s", target);
	return access(EVENTS, F_OK) != 0 || access(path, F_OK) == 0;
}

static bool has_iterator(const char *tracepoint)
{
	char function[SYMBOL_SIZE];
	enum target_state state;

	snprintf(function, sizeof(function), "__traceiter_%s", tracepoint);
	state = target_state_of(function);
	return state != TARGET_ABSENT && state != TARGET_INLINED;
}

/*
 * Every tracepoint has a function that calls its programs: DEFINE_TRACE_FN() in include/linux/tracepoint.h since Linux 5.10. A kernel
 * whose lists have none for a tracepoint of each kernel shows nothing.
 */
static bool has_raw_tracepoint(const char *target)
{
	return has_iterator(target) || !has_iterator("sched_switch");
}

/*
 * Whether the kernel lets a program attach to the function. The lists of functions decide nothing about an offset in a function, because
 * only the kernel knows its instructions.
 * @by_btf: the load looks the function up in BTF
 */
static bool can_trace(const char *function, const char *target, bool by_btf)
{
	enum target_state state = strchr(target, '+') ? TARGET_UNKNOWN : target_state_of(function);

	/* A load fails by itself if BTF lacks its function. */
	return state == TARGET_TRACEABLE || state == TARGET_UNKNOWN || (state == TARGET_ABSENT && by_btf);
}

bool has_late_target(struct bpf_program *program, const char *target)
{
	enum bpf_prog_type type = bpf_program__type(program);
	char function[SYMBOL_SIZE];

	target = target ? target : section_target(program);
	if (!target)
		return true;
	if (type == BPF_PROG_TYPE_TRACEPOINT)
		return has_tracepoint(target);
	if (type == BPF_PROG_TYPE_RAW_TRACEPOINT || type == BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE)
		return has_raw_tracepoint(target);
	return !function_to_trace(program, target, function, sizeof(function)) ||
	       can_trace(function, target, type == BPF_PROG_TYPE_TRACING);
}

bool has_late_target_of_section(const char *section, const char *target)
{
	enum late_target kind = late_target_of(section);
	char function[SYMBOL_SIZE];

	if (kind == LATE_TRACEPOINT)
		return has_tracepoint(target);
	if (kind == LATE_RAW_TRACEPOINT)
		return has_raw_tracepoint(target);
	return !function_of_section(section, target, function, sizeof(function)) ||
	       can_trace(function, target, kind == LATE_LISTED_FUNCTION);
}

static bool has_target(struct bpf_program *program, const char *target)
{
	enum bpf_prog_type type = bpf_program__type(program);

	if ((type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM) && bpf_program__set_attach_target(program, 0, target) != 0)
		return false;
	return has_late_target(program, target);
}

/* An error of the probe is no answer. Then the load decides. */
static bool lacks_program_type(enum bpf_prog_type type)
{
	return libbpf_probe_bpf_prog_type(type, NULL) == 0;
}

bool knows_program_type(const char *name)
{
	const char *each;

	for (int type = BPF_PROG_TYPE_UNSPEC + 1; (each = libbpf_bpf_prog_type_str((enum bpf_prog_type)type)); type++)
		if (strcmp(each, name) == 0)
			return !lacks_program_type((enum bpf_prog_type)type);
	return true;
}

static bool probe(struct bpf_program *program, const char *target)
{
	const char *name = bpf_program__name(program);
	enum bpf_prog_type type = bpf_program__type(program);
	char function[SYMBOL_SIZE];

	/* The request names the cgroup of such a program; the section names its hook. */
	if (!target || bpf_program__expected_attach_type(program) == BPF_LSM_CGROUP)
		target = section_target(program);
	if (lacks_program_type(type)) {
		send_left_out(LACKS_PROGRAM_TYPE, name, libbpf_bpf_prog_type_str(type));
		return false;
	}
	if (target && !has_target(program, target)) {
		if (function_to_trace(program, target, function, sizeof(function)))
			report_target(name, function);
		send_left_out(LACKS_ATTACH_TARGET, name, target);
		return false;
	}
	return true;
}

static struct {
	char name[128];
	bool supported;
} known[KNOWN];
static size_t known_count;

static int find_known(const char *name)
{
	for (size_t i = 0; i < known_count; i++)
		if (strcmp(known[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool is_left_out(const char *program)
{
	int found = find_known(program);

	return found >= 0 && !known[found].supported;
}

bool is_supported(struct bpf_program *program, const char *target)
{
	const char *name = bpf_program__name(program);
	int found = find_known(name);
	bool supported;

	if (found >= 0)
		return known[found].supported;
	supported = probe(program, target);
	if (known_count < KNOWN && strlen(name) < sizeof(known[0].name)) {
		strcpy(known[known_count].name, name);
		known[known_count++].supported = supported;
	}
	return supported;
}

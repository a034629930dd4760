// SPDX-License-Identifier: Apache-2.0
#include "attach_target.h"

#include "messages.h"

#include <string.h>

/* Whether the section is the prefix, alone or with a target after `/`. */
static bool section_is(const char *section, const char *prefix)
{
	section += *section == '?';
	return strncmp(section, prefix, strlen(prefix)) == 0 && (section[strlen(prefix)] == '/' || section[strlen(prefix)] == '\0');
}

static bool section_is_any(const char *section, const char *const *prefixes)
{
	for (; *prefixes; prefixes++)
		if (section_is(section, *prefixes))
			return true;
	return false;
}

static bool is_kernel_probe(const char *section)
{
	static const char *const prefixes[] = { "kprobe", "kretprobe", "kprobe.multi", "kretprobe.multi", "kprobe.session", NULL };

	return section_is_any(section, prefixes);
}

static bool is_trampoline(const char *section)
{
	static const char *const prefixes[] = { "fentry", "fentry.s", "fexit", "fexit.s", "fmod_ret", "fmod_ret.s", NULL };

	return section_is_any(section, prefixes);
}

static bool is_tracepoint(const char *section)
{
	static const char *const prefixes[] = { "tracepoint", "tp", NULL };

	return section_is_any(section, prefixes);
}

static bool is_raw_tracepoint(const char *section)
{
	static const char *const prefixes[] = { "raw_tp", "raw_tp.w", "raw_tracepoint", "raw_tracepoint.w", NULL };

	return section_is_any(section, prefixes);
}

static bool traces_function(const struct bpf_program *program)
{
	enum bpf_attach_type attach = bpf_program__expected_attach_type(program);

	if (bpf_program__type(program) == BPF_PROG_TYPE_TRACING)
		return attach == BPF_TRACE_FENTRY || attach == BPF_TRACE_FEXIT || attach == BPF_MODIFY_RETURN;
	return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE && is_kernel_probe(bpf_program__section_name(program));
}

const char *attach_target(const char *program)
{
	struct request_frame frame = { 0 };

	while (request_next(&frame)) {
		struct attach_to_request request;

		if (frame.type != FRAME_ATTACH_TO)
			continue;
		request = read_attach_to_request(payload_of(&frame));
		if (strcmp(request.program, program) == 0)
			return request.target;
	}
	return NULL;
}

const char *section_target(const struct bpf_program *program)
{
	const char *slash = strchr(bpf_program__section_name(program), '/');

	return slash && slash[1] ? slash + 1 : NULL;
}

static bool function_in(const char *target, char *function, size_t size)
{
	size_t length;

	/* `*` and `?` are patterns, `:` separates a module or the path of a program. */
	if (!target || strpbrk(target, "*?:"))
		return false;
	length = strcspn(target, "+");
	if (length == 0 || length >= size)
		return false;
	memcpy(function, target, length);
	function[length] = '\0';
	return true;
}

bool function_to_trace(const struct bpf_program *program, const char *target, char *function, size_t size)
{
	return traces_function(program) && function_in(target, function, size);
}

bool function_of_section(const char *section, const char *target, char *function, size_t size)
{
	const char *slash = strchr(section, '/');

	if (!is_kernel_probe(section) && !is_trampoline(section))
		return false;
	return function_in(target ? target : (slash ? slash + 1 : NULL), function, size);
}

enum late_target late_target_of(const char *section)
{
	if (is_tracepoint(section))
		return LATE_TRACEPOINT;
	if (is_raw_tracepoint(section))
		return LATE_RAW_TRACEPOINT;
	if (is_kernel_probe(section))
		return LATE_FUNCTION;
	return is_trampoline(section) ? LATE_LISTED_FUNCTION : LATE_NONE;
}

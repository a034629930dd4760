// SPDX-License-Identifier: Apache-2.0
#include "attach_target.h"

#include "messages.h"

#include <string.h>

/* Whether the section is the prefix, alone or with a target after `/`. */
static bool section_is(const struct bpf_program *program, const char *prefix)
{
	const char *section = bpf_program__section_name(program);

	section += *section == '?';
	return strncmp(section, prefix, strlen(prefix)) == 0 && (section[strlen(prefix)] == '/' || section[strlen(prefix)] == '\0');
}

static bool is_kernel_probe(const struct bpf_program *program)
{
	static const char *const prefixes[] = { "kprobe", "kretprobe", "kprobe.multi", "kretprobe.multi" };

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (section_is(program, prefixes[i]))
			return true;
	return false;
}

static bool traces_function(const struct bpf_program *program)
{
	enum bpf_attach_type attach = bpf_program__expected_attach_type(program);

	if (bpf_program__type(program) == BPF_PROG_TYPE_TRACING)
		return attach == BPF_TRACE_FENTRY || attach == BPF_TRACE_FEXIT || attach == BPF_MODIFY_RETURN;
	return bpf_program__type(program) == BPF_PROG_TYPE_KPROBE && is_kernel_probe(program);
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

bool function_to_trace(const struct bpf_program *program, const char *target, char *function, size_t size)
{
	size_t length;

	/* `*` and `?` are patterns, `:` separates a module or the path of a program. */
	if (!target || !traces_function(program) || strpbrk(target, "*?:"))
		return false;
	length = strcspn(target, "+");
	if (length == 0 || length >= size)
		return false;
	memcpy(function, target, length);
	function[length] = '\0';
	return true;
}

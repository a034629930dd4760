// SPDX-License-Identifier: Apache-2.0
/* Settings of programs. */
#include "settings.h"
#include "supported.h"

#include <errno.h>
#include <string.h>

static struct bpf_program *find_program(const struct loading *loading, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(loading->object, name);

	if (!program)
		warn("settings: prog '%s': not in the object", name);
	return program;
}

/* What the request says that a program is to attach to; NULL when it says nothing. */
static const char *target_in_request(const char *name)
{
	struct request_frame frame = { 0 };

	while (request_next(&frame)) {
		struct payload payload = payload_of(&frame);

		if (frame.type == FRAME_ATTACH_TO && strcmp(payload_string(&payload), name) == 0)
			return payload_string(&payload);
	}
	return NULL;
}

int set_autoload(const struct loading *loading, struct payload payload)
{
	uint32_t wanted = payload_u32(&payload);
	struct bpf_program *program = find_program(loading, payload_string(&payload));

	if (!program)
		return -ENOENT;
	if (wanted == WANTED_IF_SUPPORTED)
		wanted = is_supported(program, target_in_request(bpf_program__name(program)));
	return bpf_program__set_autoload(program, wanted != WANTED_NO);
}

int set_program(const struct loading *loading, struct payload payload)
{
	uint32_t attribute = payload_u32(&payload);
	uint32_t value = payload_u32(&payload);
	struct bpf_program *program = find_program(loading, payload_string(&payload));
	int error;

	if (!program)
		return -ENOENT;
	error = attribute == PROGRAM_TYPE ? bpf_program__set_type(program, value) : bpf_program__set_expected_attach_type(program, value);
	if (error)
		warn("settings: prog '%s': %s %u: %d", bpf_program__name(program), attribute == PROGRAM_TYPE ? "type" : "attach type",
		     value, error);
	return error;
}

/* Programs whose target is looked up in BTF when they are loaded; others get theirs when they are attached. */
static bool has_btf_target(const struct bpf_program *program)
{
	enum bpf_prog_type type = bpf_program__type(program);

	return type == BPF_PROG_TYPE_TRACING || (type == BPF_PROG_TYPE_LSM && bpf_program__expected_attach_type(program) != BPF_LSM_CGROUP);
}

int set_attach_target(const struct loading *loading, struct payload payload)
{
	struct bpf_program *program = find_program(loading, payload_string(&payload));
	const char *target = payload_string(&payload);
	int error;

	if (!program)
		return -ENOENT;
	if (!has_btf_target(program) || !is_wanted(loading, program))
		return 0;
	error = bpf_program__set_attach_target(program, 0, target);
	if (error)
		warn("settings: prog '%s': attach target '%s': %d", bpf_program__name(program), target, error);
	return error;
}

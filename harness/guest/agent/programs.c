// SPDX-License-Identifier: Apache-2.0
/* Settings of programs. */
#include "attach_target.h"
#include "messages.h"
#include "settings.h"
#include "supported.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static struct bpf_program *find_program(const struct loading *loading, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(loading->object, name);

	if (!program)
		warn("settings: prog '%s': not in the object", name);
	return program;
}

int set_autoload(const struct loading *loading, struct payload payload)
{
	struct autoload_request request = read_autoload_request(payload);
	struct bpf_program *program = find_program(loading, request.program);
	bool wanted = request.wanted != WANTED_NO;

	if (!program)
		return -ENOENT;
	if (request.wanted == WANTED_IF_SUPPORTED)
		wanted = is_supported(program, attach_target(request.program));
	return bpf_program__set_autoload(program, wanted);
}

int set_program(const struct loading *loading, struct payload payload)
{
	struct program_setting_request request = read_program_setting_request(payload);
	struct bpf_program *program = find_program(loading, request.program);
	bool is_type = request.attribute == PROGRAM_TYPE;
	int error;

	if (!program)
		return -ENOENT;
	error = is_type ? bpf_program__set_type(program, request.value) : bpf_program__set_expected_attach_type(program, request.value);
	if (error)
		warn("settings: prog '%s': %s %u: %d", request.program, is_type ? "type" : "attach type", request.value, error);
	return error;
}

/* Whether libbpf looks up the target in BTF during the load. All other programs need their target only when they are attached. */
static bool has_btf_target(const struct bpf_program *program)
{
	enum bpf_prog_type type = bpf_program__type(program);

	return type == BPF_PROG_TYPE_TRACING || (type == BPF_PROG_TYPE_LSM && bpf_program__expected_attach_type(program) != BPF_LSM_CGROUP);
}

int set_attach_target(const struct loading *loading, struct payload payload)
{
	struct attach_to_request request = read_attach_to_request(payload);
	struct bpf_program *program = find_program(loading, request.program);
	int error;

	if (!program)
		return -ENOENT;
	if (!has_btf_target(program) || !is_wanted(loading, program))
		return 0;
	error = bpf_program__set_attach_target(program, 0, request.target);
	if (error)
		warn("settings: prog '%s': attach target '%s': %d", request.program, request.target, error);
	return error;
}

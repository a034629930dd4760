#include "settings.h"

#include "frames.h"

#include <errno.h>
#include <string.h>

/* The string of `length` bytes at `bytes`; NULL when its terminator is missing. */
static const char *string_at(const char *bytes, uint32_t length)
{
	return length && bytes[length - 1] == '\0' ? bytes : NULL;
}

static int set_autoload(struct bpf_object *object, const struct request_frame *frame)
{
	const char *payload = frame->payload;
	struct bpf_program *program;
	uint32_t autoload;
	const char *name;

	if (frame->length < sizeof(autoload))
		return -EINVAL;
	memcpy(&autoload, payload, sizeof(autoload));
	name = string_at(payload + sizeof(autoload), frame->length - (uint32_t)sizeof(autoload));
	program = name ? bpf_object__find_program_by_name(object, name) : NULL;
	return program ? bpf_program__set_autoload(program, autoload) : -ENOENT;
}

int apply_settings(struct bpf_object *object)
{
	struct request_frame frame = { 0 };
	int error = 0;

	while (!error && request_next(&frame))
		if (frame.type == FRAME_AUTOLOAD)
			error = set_autoload(object, &frame);
	return error;
}

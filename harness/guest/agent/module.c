// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "module.h"

#include "frames.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The payload is the name as a string and, behind it, the module. */
static int load_module(const struct request_frame *frame, const char **name)
{
	const char *payload = frame->payload;
	size_t length = strnlen(payload, frame->length);

	*name = "";
	if (length == frame->length)
		return EINVAL;
	*name = payload;
	if (syscall(SYS_init_module, payload + length + 1, frame->length - length - 1, "") == 0 || errno == EEXIST)
		return 0;
	return errno;
}

bool load_modules(void)
{
	struct request_frame frame = { 0 };

	while (request_next(&frame)) {
		const char *name;
		int error;

		if (frame.type != FRAME_MODULE)
			continue;
		error = load_module(&frame, &name);
		frame_open(FRAME_MODULE_END);
		frame_u32((uint32_t)error);
		frame_string(name);
		frame_close();
		if (error)
			return false;
	}
	return true;
}

// SPDX-License-Identifier: Apache-2.0
#include "trigger_command.h"

#include "archive.h"
#include "command.h"

#include <errno.h>

static int unpack_error;

void unpack_trigger_files(void)
{
	struct request_frame archive;

	if (request_find(FRAME_ARCHIVE, &archive))
		unpack_error = unpack_archive(archive.payload, archive.length, "");
}

void run_trigger_command(const struct request_frame *request)
{
	struct payload payload = payload_of(request);
	uint32_t index = payload_u32(&payload);
	struct command command;
	struct command_result result = { .end = COMMAND_NOT_STARTED };
	int error = unpack_error;

	if (!error && !read_command(&payload, &command))
		error = -EINVAL;
	if (error)
		result.value = (uint32_t)-error;
	else
		result = execute_command(&command);
	frame_open(FRAME_TRIGGER_END);
	frame_u32(index);
	write_result(result);
	frame_close();
}

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
	struct trigger_command_request wanted = read_trigger_command_request(payload_of(request));
	struct command_request words = { wanted.timeout_ms, wanted.folder, wanted.argv, wanted.env };
	struct command command;
	struct command_result result = { .end = COMMAND_NOT_STARTED };
	int error = unpack_error;

	if (!error && !prepare_command(&words, &command))
		error = -EINVAL;
	if (error) {
		result.value = (uint32_t)-error;
	} else {
		result = execute_command(&command);
		free_command(&command);
	}
	send_trigger_end(wanted.index, result.end, result.value, result.ns, result.dropped);
}

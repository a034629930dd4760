// SPDX-License-Identifier: Apache-2.0
#include "custom_loader.h"

#include "archive.h"
#include "collect.h"
#include "command.h"
#include "mailbox.h"
#include "traceable.h"

#include <errno.h>

static struct command_result not_started(int error)
{
	return (struct command_result){ .end = COMMAND_NOT_STARTED, .value = (uint32_t)-error };
}

static struct command_result result_of(const struct request_frame *request)
{
	struct command_request wanted = read_command_request(payload_of(request));
	struct command_result result;
	struct request_frame archive;
	struct command command;
	int error = 0;

	if (!prepare_command(&wanted, &command))
		return not_started(-EINVAL);
	if (request_find(FRAME_ARCHIVE, &archive))
		error = unpack_archive(archive.payload, archive.length, "");
	result = error ? not_started(error) : execute_command(&command);
	free_command(&command);
	return result;
}

bool run_custom_loader(void)
{
	struct request_frame request;
	uint32_t output = response_length();
	struct command_result result;

	if (!request_find(FRAME_COMMAND, &request))
		return false;
	result = result_of(&request);
	if (result.end == COMMAND_EXITED && result.value != 0)
		report_functions_in_output(output);
	collect_file();
	send_command_end(result.end, result.value, result.ns, result.dropped);
	return true;
}

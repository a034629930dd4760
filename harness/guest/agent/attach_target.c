// SPDX-License-Identifier: Apache-2.0
#include "attach_target.h"

#include "messages.h"

#include <string.h>

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

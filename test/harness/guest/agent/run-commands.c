// SPDX-License-Identifier: Apache-2.0
/* Runs the commands of each request: the custom loader, or the trigger commands if it has none. */
#include "driver.h"

#include "../../../../harness/guest/agent/custom_loader.h"
#include "../../../../harness/guest/agent/trigger_command.h"

#include <stdio.h>

void handle(const uint8_t *bytes, uint32_t length)
{
	struct request_frame frame = { 0 };

	place_request(bytes, length);
	if (run_custom_loader()) {
		printf("custom loader");
	} else {
		while (request_next(&frame))
			if (frame.type == FRAME_TRIGGER_COMMAND)
				run_trigger_command(&frame);
		printf("triggers");
	}
	response_end();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A command of the host's run in the guest to its end, what it prints kept as frames. */
#ifndef COREMATRIX_COMMAND_H
#define COREMATRIX_COMMAND_H

#include "messages.h"

struct command {
	uint32_t timeout_ms;
	const char *folder;
	char **words; /* ends with NULL; so does `environment` */
	char **environment;
};

struct command_result {
	enum command_end end;
	uint32_t value;
	uint64_t ns;
	uint64_t dropped; /* bytes of output thrown away */
};

/* Makes a command of a request, for free_command(). False when the request has no word, or too many, or is cut off. */
bool prepare_command(const struct command_request *request, struct command *command);
void free_command(struct command *command);

/* Runs the command and whatever it starts, and writes FRAME_OUTPUT for what it prints. */
struct command_result execute_command(const struct command *command);

#endif

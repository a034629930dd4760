/* SPDX-License-Identifier: Apache-2.0 */
/* Running a command of the request; its output becomes frames. */
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

/* Makes a command from a request; free_command() frees it. Returns false if the request has no word, too many, or is cut off. */
bool prepare_command(const struct command_request *request, struct command *command);
void free_command(struct command *command);

/* Runs the command to its end and writes FRAME_OUTPUT for its output. Processes that it leaves behind are killed. */
struct command_result execute_command(const struct command *command);

#endif

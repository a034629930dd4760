// SPDX-License-Identifier: Apache-2.0
#include "loader_targets.h"

#include "attach_target.h"
#include "messages.h"
#include "supported.h"
#include "symbol_lists.h"
#include "traceable.h"

#include <stdlib.h>
#include <string.h>

struct listed {
	char *name, *section;
};

static struct listed *programs;
static size_t program_count;
/* The length of the response when the last attempt began. */
static uint32_t attempt_start;

static void list_program(const char *name, const char *section)
{
	struct listed *more = realloc(programs, (program_count + 1) * sizeof(*programs));
	struct listed *next;

	if (!more)
		return;
	programs = more;
	next = &programs[program_count];
	next->name = strdup(name);
	next->section = strdup(section);
	if (next->name && next->section) {
		program_count++;
		return;
	}
	free(next->name);
	free(next->section);
}

static const char *section_of(const char *program)
{
	for (size_t i = 0; i < program_count; i++)
		if (strcmp(programs[i].name, program) == 0)
			return programs[i].section;
	return "";
}

static void report_function_of(const char *program)
{
	char function[SYMBOL_SIZE];

	if (function_of_section(section_of(program), attach_target(program), function, sizeof(function)))
		report_target(program, function);
}

static void note_program(struct payload payload)
{
	const char *name;

	payload_u32(&payload);
	payload_u32(&payload);
	name = payload_string(&payload);
	list_program(name, payload_string(&payload));
}

static void note_attached(struct payload payload)
{
	uint32_t kind = payload_u32(&payload);
	uint32_t error = payload_u32(&payload);

	if (kind == ATTACHED_PROGRAM && error)
		report_function_of(payload_string(&payload));
}

static void note_left_out(struct payload payload)
{
	if (payload_u32(&payload) == LACKS_ATTACH_TARGET)
		report_function_of(payload_string(&payload));
}

void note_loader_frame(uint32_t type, struct payload payload)
{
	if (type == FRAME_PROGRAM)
		note_program(payload);
	else if (type == FRAME_ATTEMPT_BEGIN)
		attempt_start = response_length();
	else if (type == FRAME_ATTACHED)
		note_attached(payload);
	else if (type == FRAME_LEFT_OUT)
		note_left_out(payload);
	else if (type == FRAME_ATTEMPT_END && payload_u32(&payload) == REACHED_LOAD)
		report_function_without_address(attempt_start);
}

uint32_t find_target(struct payload payload)
{
	const char *section = payload_string(&payload);

	return has_late_target_of_section(section, payload_string(&payload));
}

// SPDX-License-Identifier: Apache-2.0
#include "libbpf_log.h"

#include "messages.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LEFT_OUT "[corematrix: what libbpf prints for every program is left out here; the log of the object has it]\n"

static unsigned long warning_count;

int keep_log(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (level == LIBBPF_WARN)
		warning_count++;
	begin_log((enum log_level)level);
	frame_vprintf(format, arguments);
	frame_close();
	return 0;
}

unsigned long kept_warnings(void)
{
	return warning_count;
}

int keep_quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

int keep_notices(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_DEBUG ? 0 : keep_log(level, format, arguments);
}

/* The section of the following relocations. It is kept only if one follows. */
static char section[512];

int keep_own_log(enum libbpf_print_level level, const char *format, va_list arguments)
{
	/* Messages of bpf_object__load_progs() and bpf_object__relocate_core() in libbpf.c. */
	if (strcmp(format, "libbpf: prog '%s': skipped loading\n") == 0)
		return 0;
	if (strcmp(format, "libbpf: sec '%s': found %d CO-RE relocations\n") == 0) {
		vsnprintf(section, sizeof(section), format, arguments);
		return 0;
	}
	if (section[0] && (strstr(format, "relo #") || strstr(format, "CO-RE relocating"))) {
		begin_log(LEVEL_DEBUG);
		frame_bytes(section, strlen(section));
		frame_close();
	}
	section[0] = '\0';
	return keep_log(level, format, arguments);
}

void say_lines_are_left_out(void)
{
	begin_log(LEVEL_DEBUG);
	frame_bytes(LEFT_OUT, strlen(LEFT_OUT));
	frame_close();
}

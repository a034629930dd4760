// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include "messages.h"

#include <stdio.h>
#include <string.h>

typedef int (*apply)(const struct loading *loading, struct payload payload);

static const struct {
	enum frame_type type;
	apply apply;
} settings[] = {
	{ FRAME_AUTOLOAD, set_autoload }, { FRAME_PROGRAM_SETTING, set_program }, { FRAME_ATTACH_TO, set_attach_target },
	{ FRAME_MAP_SETTING, set_map },   { FRAME_INNER_MAP, set_inner_map },     { FRAME_ALTERNATIVES, set_alternatives },
	{ FRAME_VARIABLE, set_variable },
};

void warn(const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	begin_log(LEVEL_WARN);
	frame_bytes("libbpf: ", strlen("libbpf: "));
	frame_bytes(text, strlen(text));
	frame_bytes("\n", 1);
	frame_close();
}

bool is_wanted(const struct loading *loading, const struct bpf_program *program)
{
	if (loading->only)
		return strcmp(bpf_program__name(program), loading->only) == 0;
	return bpf_program__autoload(program);
}

int apply_settings(const struct loading *loading)
{
	struct request_frame frame = { 0 };
	int first = 0;

	while (request_next(&frame)) {
		for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
			int error = settings[i].type == frame.type ? settings[i].apply(loading, payload_of(&frame)) : 0;

			first = first ? first : error;
		}
	}
	return first;
}

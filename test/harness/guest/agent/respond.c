// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a response as words command: `bytes=N` and `print=N` write a log frame of N characters, `lines=N` writes N log frames of one
 * character, `many=N` writes N small frames of another kind, `again=N` repeats the first N bytes of the response, `crash` leaves a frame
 * open, `resume` continues as another process would, `end` ends the response.
 */
#include "driver.h"

#include "../../../../harness/guest/agent/messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	frame_vprintf(format, arguments);
	va_end(arguments);
}

static void write_log(uint32_t count, bool formatted)
{
	char *text = malloc(count + 1);

	memset(text, 'x', count);
	text[count] = '\0';
	begin_log(LEVEL_DEBUG);
	if (formatted)
		print("%s", text);
	else
		frame_bytes(text, count);
	frame_close();
	free(text);
}

static void obey(const char *word, uint32_t count)
{
	if (strcmp(word, "bytes") == 0 || strcmp(word, "print") == 0)
		write_log(count, strcmp(word, "print") == 0);
	for (uint32_t i = 0; strcmp(word, "lines") == 0 && i < count; i++)
		write_log(1, true);
	for (uint32_t i = 0; strcmp(word, "many") == 0 && i < count; i++)
		send_runs(i, "program");
	if (strcmp(word, "again") == 0)
		response_repeat(0, count);
	if (strcmp(word, "crash") == 0) {
		begin_log(LEVEL_WARN);
		frame_bytes("half", 4);
	}
	if (strcmp(word, "resume") == 0) {
		response_resume();
		frame_close();
		send_crash(139);
	}
	if (strcmp(word, "end") == 0) {
		send_end(1000000);
		response_end();
	}
}

void handle(const uint8_t *bytes, uint32_t length)
{
	static const uint8_t header[] = { 0x58, 0x4d, 0x42, 0x31, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0 };
	char *text = strndup((const char *)bytes, length);

	place_request(header, sizeof(header));
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
		char *count = strchr(word, '=');

		if (count)
			*count++ = '\0';
		obey(word, count ? (uint32_t)strtoul(count, NULL, 10) : 0);
	}
	free(text);
	printf("%u %u", response_offset(), response_length());
}

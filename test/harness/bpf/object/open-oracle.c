// SPDX-License-Identifier: Apache-2.0
// Asks libbpf about objects and section names. Loads nothing.
// usage: open-oracle OBJECT|=SECTION...
// Prints a line for each: "ok", or libbpf's last specific warning about the object, or "unknown" for the section.
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char last[4096];

/** Final messages of libbpf that say less than the message before. */
static int is_general(const char *text)
{
	return !strncmp(text, "libbpf: failed to ", 18) && !strstr(text, "BTF for extern");
}

static int keep(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char text[sizeof(last)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(text, sizeof(text), format, arguments);
	if (!is_general(text))
		memcpy(last, text, sizeof(last));
	return 0;
}

int main(int count, char **arguments)
{
	libbpf_set_print(keep);
	for (int at = 1; at < count; at++) {
		if (arguments[at][0] == '=') {
			enum bpf_prog_type type;
			enum bpf_attach_type attach_type;
			int error = libbpf_prog_type_by_name(arguments[at] + 1, &type, &attach_type);

			puts(error ? "unknown" : "ok");
			continue;
		}
		last[0] = '\0';
		struct bpf_object *object = bpf_object__open(arguments[at]);
		size_t length = strcspn(last, "\n");

		printf("%.*s\n", object ? 2 : (int)length, object ? "ok" : last);
		if (object)
			bpf_object__close(object);
	}
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * libbpf parses the BTF of the kernel again for every object, which under emulation takes as long as the rest of a load. The bytes never
 * change, so all loads share the result of the first parse. The linker (--wrap) replaces two functions of libbpf by those below.
 */
#include "vmlinux_btf.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define LINES 8
#define LINE_LENGTH 256

struct btf *__real_btf__load_vmlinux_btf(void);
struct btf *__wrap_btf__load_vmlinux_btf(void);
void __real_btf__free(struct btf *btf);
void __wrap_btf__free(struct btf *btf);

static struct btf *kept;
/* The messages of libbpf while it parsed the BTF. They are repeated whenever it gets the kept BTF. */
static struct {
	enum libbpf_print_level level;
	char text[LINE_LENGTH];
} lines[LINES];
static size_t line_count;

static int note(enum libbpf_print_level level, const char *format, va_list arguments)
{
	if (line_count == LINES)
		return 0;
	lines[line_count].level = level;
	return vsnprintf(lines[line_count++].text, LINE_LENGTH, format, arguments);
}

static void say(libbpf_print_fn_t print, enum libbpf_print_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print(level, format, arguments);
	va_end(arguments);
}

void keep_vmlinux_btf(void)
{
	libbpf_print_fn_t before = libbpf_set_print(note);

	kept = __real_btf__load_vmlinux_btf();
	libbpf_set_print(before);
}

struct btf *__wrap_btf__load_vmlinux_btf(void)
{
	libbpf_print_fn_t print;

	if (!kept)
		return __real_btf__load_vmlinux_btf();
	print = libbpf_set_print(NULL);
	libbpf_set_print(print);
	for (size_t i = 0; print && i < line_count; i++)
		say(print, lines[i].level, "%s", lines[i].text);
	return kept;
}

void __wrap_btf__free(struct btf *btf)
{
	if (btf != kept)
		__real_btf__free(btf);
}

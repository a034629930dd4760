// SPDX-License-Identifier: Apache-2.0
#include "supported.h"

#include "messages.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KERNEL_SYMBOLS "/proc/kallsyms"
#define EVENTS "/sys/kernel/tracing/events"
#define KNOWN 256

/* Whether the kernel or a loaded module has a function of this name; true where the names cannot be read. */
static bool has_function(const char *name)
{
	FILE *symbols = fopen(KERNEL_SYMBOLS, "re");
	char line[512], symbol[256];
	bool found = false;

	if (!symbols)
		return true;
	while (!found && fgets(line, sizeof(line), symbols))
		found = sscanf(line, "%*s %*c %255s", symbol) == 1 && strcmp(symbol, name) == 0;
	fclose(symbols);
	return found;
}

/* `target` is CATEGORY/NAME. */
static bool has_tracepoint(const char *target)
{
	char path[512];

	snprintf(path, sizeof(path), EVENTS "/%s", target);
	return access(EVENTS, F_OK) != 0 || access(path, F_OK) == 0;
}

/* The text after the first `/` in the section name; NULL if there is none. */
static const char *section_target(const struct bpf_program *program)
{
	const char *slash = strchr(bpf_program__section_name(program), '/');

	return slash && slash[1] ? slash + 1 : NULL;
}

/* Whether the section is the prefix, alone or with a target after `/`. */
static bool section_is(const struct bpf_program *program, const char *prefix)
{
	const char *section = bpf_program__section_name(program);

	section += *section == '?';
	return strncmp(section, prefix, strlen(prefix)) == 0 && (section[strlen(prefix)] == '/' || section[strlen(prefix)] == '\0');
}

bool has_late_target(struct bpf_program *program, const char *target)
{
	target = target ? target : section_target(program);
	if (!target)
		return true;
	switch (bpf_program__type(program)) {
	case BPF_PROG_TYPE_KPROBE:
		/* The list of kernel functions decides nothing about offsets, patterns and user space. */
		if ((section_is(program, "kprobe") || section_is(program, "kretprobe")) && !strpbrk(target, "+*?:"))
			return has_function(target);
		return true;
	case BPF_PROG_TYPE_TRACEPOINT:
		return has_tracepoint(target);
	default:
		return true;
	}
}

static bool has_target(struct bpf_program *program, const char *target)
{
	enum bpf_prog_type type = bpf_program__type(program);

	if (type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_LSM)
		return bpf_program__set_attach_target(program, 0, target) == 0;
	return has_late_target(program, target);
}

static bool probe(struct bpf_program *program, const char *target)
{
	const char *name = bpf_program__name(program);
	enum bpf_prog_type type = bpf_program__type(program);

	/* The request names the cgroup of such a program; the section names its hook. */
	if (!target || bpf_program__expected_attach_type(program) == BPF_LSM_CGROUP)
		target = section_target(program);
	/* An error of the probe is no answer. Then the load decides. */
	if (libbpf_probe_bpf_prog_type(type, NULL) == 0) {
		send_left_out(LACKS_PROGRAM_TYPE, name, libbpf_bpf_prog_type_str(type));
		return false;
	}
	if (target && !has_target(program, target)) {
		send_left_out(LACKS_ATTACH_TARGET, name, target);
		return false;
	}
	return true;
}

static struct {
	char name[128];
	bool supported;
} known[KNOWN];
static size_t known_count;

static int find_known(const char *name)
{
	for (size_t i = 0; i < known_count; i++)
		if (strcmp(known[i].name, name) == 0)
			return (int)i;
	return -1;
}

bool is_left_out(const char *program)
{
	int found = find_known(program);

	return found >= 0 && !known[found].supported;
}

bool is_supported(struct bpf_program *program, const char *target)
{
	const char *name = bpf_program__name(program);
	int found = find_known(name);
	bool supported;

	if (found >= 0)
		return known[found].supported;
	supported = probe(program, target);
	if (known_count < KNOWN && strlen(name) < sizeof(known[0].name)) {
		strcpy(known[known_count].name, name);
		known[known_count++].supported = supported;
	}
	return supported;
}

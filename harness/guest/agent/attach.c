// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "attach.h"

#include "attach_target.h"
#include "attach_to.h"
#include "libbpf_log.h"
#include "messages.h"
#include "network.h"
#include "symbol_lists.h"
#include "traceable.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HAS_MAP_AUTOATTACH (LIBBPF_MAJOR_VERSION > 1 || (LIBBPF_MAJOR_VERSION == 1 && LIBBPF_MINOR_VERSION >= 5))

#define MOST_FAILED 1024

static struct bpf_link **links;
static size_t link_count;
static const char *failed[MOST_FAILED];
static size_t failed_count;

static void keep(struct bpf_link *link)
{
	struct bpf_link **more = link ? realloc(links, (link_count + 1) * sizeof(*links)) : NULL;

	if (!more)
		return;
	links = more;
	links[link_count++] = link;
}

bool attach_failed(const char *program)
{
	for (size_t i = 0; i < failed_count; i++)
		if (strcmp(failed[i], program) == 0)
			return true;
	return false;
}

static void report(enum attached_kind kind, const char *name, struct attachment attachment)
{
	send_attached(kind, (uint32_t)-attachment.error, name, attachment.detail);
}

/*
 * libbpf returns EOPNOTSUPP without a warning for programs that it does not attach, because their sections name no target. This is no
 * failure. With a warning, EOPNOTSUPP is the answer of the kernel.
 */
static void note_failure(const char *program, struct attachment attachment, bool has_warned)
{
	bool is_left_alone = attachment.error == -EOPNOTSUPP && !*attachment.detail && !has_warned;
	/* The object of the attempt is closed before the name is needed. */
	const char *name = attachment.error && !is_left_alone && failed_count < MOST_FAILED ? strdup(program) : NULL;

	if (name)
		failed[failed_count++] = name;
}

/* Whether the load already uses the target of the program, so that attaching needs only the program. */
static bool is_bound_at_load(struct bpf_program *program)
{
	enum bpf_prog_type type = bpf_program__type(program);

	return type == BPF_PROG_TYPE_TRACING || type == BPF_PROG_TYPE_EXT ||
	       (type == BPF_PROG_TYPE_LSM && bpf_program__expected_attach_type(program) != BPF_LSM_CGROUP);
}

/* Whether the program is for a function of user space, but its section names no file. libbpf then has no target. */
static bool lacks_file(const struct bpf_program *program)
{
	const char *section = bpf_program__section_name(program);

	section += *section == '?';
	return (strncmp(section, "uprobe", strlen("uprobe")) == 0 || strncmp(section, "uretprobe", strlen("uretprobe")) == 0) &&
	       !strchr(section, ':');
}

static void report_function_of(const struct bpf_program *program, const char *target)
{
	char function[SYMBOL_SIZE];

	if (function_to_trace(program, target, function, sizeof(function)))
		report_target(bpf_program__name(program), function);
}

static void attach_program(struct bpf_object *object, struct bpf_program *program)
{
	const char *target = attach_target(bpf_program__name(program));
	unsigned long warnings = kept_warnings();
	struct attachment attachment;

	if (target && !is_bound_at_load(program)) {
		attachment = attach_program_to(object, program, target);
		/* libbpf also returns this error, without a message, for programs without a target. */
		if (attachment.error == -EOPNOTSUPP && !*attachment.detail)
			attachment.detail = "this kernel does not attach such a program";
	} else if (!target && lacks_file(program)) {
		attachment = (struct attachment){ .error = -EOPNOTSUPP, .detail = "" };
	} else {
		attachment = attachment_of(bpf_program__attach(program));
	}
	keep(attachment.link);
	note_failure(bpf_program__name(program), attachment, kept_warnings() != warnings);
	report(ATTACHED_PROGRAM, bpf_program__name(program), attachment);
	if (attachment.error)
		report_function_of(program, target ? target : section_target(program));
}

static bool is_wanted(struct bpf_map *map)
{
	bool wanted = bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS && bpf_map__fd(map) >= 0;

#if HAS_MAP_AUTOATTACH
	wanted = wanted && bpf_map__autoattach(map);
#endif
	return wanted;
}

void attach_all(struct bpf_object *object)
{
	struct request_frame frame;
	struct bpf_program *program;
	struct bpf_map *map;

	if (!request_find(FRAME_ATTACH, &frame))
		return;
	bring_loopback_up();
	bpf_object__for_each_program(program, object)
		if (bpf_program__fd(program) >= 0 && bpf_program__type(program) != BPF_PROG_TYPE_STRUCT_OPS)
			attach_program(object, program);
	bpf_object__for_each_map(map, object) {
		struct attachment attachment;

		if (!is_wanted(map))
			continue;
		attachment = attachment_of(bpf_map__attach_struct_ops(map));
		keep(attachment.link);
		report(ATTACHED_MAP, bpf_map__name(map), attachment);
	}
}

void detach_all(void)
{
	while (link_count)
		bpf_link__destroy(links[--link_count]);
}

static int read_to_end(int iterator)
{
	char buffer[4096];
	ssize_t length;

	while ((length = read(iterator, buffer, sizeof(buffer))) > 0)
		;
	return length < 0 ? -errno : 0;
}

int read_iterators(void)
{
	int error = -ENOENT;

	for (size_t i = 0; i < link_count; i++) {
		/* The kernel refuses links of any other kind. */
		int iterator = bpf_iter_create(bpf_link__fd(links[i]));

		if (iterator < 0)
			continue;
		if (error == -ENOENT || error == 0)
			error = read_to_end(iterator);
		close(iterator);
	}
	return error;
}

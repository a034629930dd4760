// SPDX-License-Identifier: Apache-2.0
#include "load.h"

#include "alternatives.h"
#include "attach.h"
#include "child.h"
#include "clock.h"
#include "libbpf_log.h"
#include "messages.h"
#include "run_check.h"
#include "settings.h"
#include "traceable.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* The default of the sysctl fs.nr_open. */
#define MOST_DESCRIPTORS (1 << 20)
/* bpf_object__prepare() splits a load in two steps, so that failures of relocation and maps differ from those of verification. */
#define HAS_PREPARE (LIBBPF_MAJOR_VERSION > 1 || (LIBBPF_MAJOR_VERSION == 1 && LIBBPF_MINOR_VERSION >= 6))

/*
 * libbpf needs as long for one program of an object as for all, and prints as much. So for each program of a larger object, the object is
 * not opened again, and the lines about the other programs are left out.
 */
#define MANY_PROGRAMS 256

struct object_file {
	const char *name;
	const void *bytes;
	uint32_t length;
	/* The opened object for a single load attempt, and the part of the response that has the messages of its opening. */
	struct bpf_object *opened;
	uint32_t opening, opening_end;
};

static size_t program_count;

static void write_programs(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		program_count++;
		send_program((uint32_t)bpf_program__insn_cnt(program), bpf_program__autoload(program), bpf_program__name(program),
		             bpf_program__section_name(program), libbpf_bpf_prog_type_str(bpf_program__type(program)));
	}
}

/* Makes the named program the only one that is loaded; with NULL, none is. */
static void autoload_only(struct bpf_object *object, const char *name)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		bool wanted = name && strcmp(bpf_program__name(program), name) == 0;

		/* A child gets a copy of each page that it writes, which takes longer than to look. */
		if (bpf_program__autoload(program) != wanted)
			bpf_program__set_autoload(program, wanted);
	}
}

/*
 * Loads the kernel's BTF: before 1.4, libbpf reads it for each struct_ops map, even one that is left out, but loads it only for programs
 * that need it, and crashes without it. libbpf also loads it to look for an attach target; no function has an empty name.
 */
static void load_kernel_btf(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		if (bpf_program__type(program) == BPF_PROG_TYPE_STRUCT_OPS) {
			bpf_program__set_attach_target(program, 0, "");
			return;
		}
	}
}

/* Whether a struct_ops map refers to the program. Since 1.4 its initial value has pointers to programs in place of functions. */
static bool refers_to(struct bpf_map *map, const struct bpf_program *program)
{
	size_t size = 0;
	const char *value = bpf_map__initial_value(map, &size);

	for (size_t at = 0; value && at + sizeof(program) <= size; at += sizeof(program))
		if (memcmp(value + at, &program, sizeof(program)) == 0)
			return true;
	return false;
}

/*
 * Leaves out the struct_ops maps to which the only program does not belong: since 1.4 libbpf loads all programs of each such map that it
 * creates, so one of them could fail the load of another program.
 */
static void leave_out_struct_ops(struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	bool is_old = libbpf_major_version() == 1 && libbpf_minor_version() < 4;
	bool is_of_map = program && bpf_program__type(program) == BPF_PROG_TYPE_STRUCT_OPS;
	struct bpf_map *map;

	if (!program || (is_of_map && is_old))
		return;
	bpf_object__for_each_map(map, object)
		if (bpf_map__type(map) == BPF_MAP_TYPE_STRUCT_OPS && !(is_of_map && refers_to(map, program)))
			bpf_map__set_autocreate(map, false);
	if (is_old)
		load_kernel_btf(object);
}

/* A pinned map would outlive its load attempt, and the matrix asks only whether the object loads. */
static void forget_pins(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		bpf_map__set_pin_path(map, NULL);
}

/* The next load attempt must not find the maps that this one pinned. */
static void unpin(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
		if (bpf_map__is_pinned(map))
			bpf_map__unpin(map, NULL);
}

static enum reached load(struct bpf_object *object, int *error)
{
#if HAS_PREPARE
	*error = bpf_object__prepare(object);
	if (*error)
		return REACHED_PREPARE;
#endif
	*error = bpf_object__load(object);
	return *error ? REACHED_LOAD : REACHED_DONE;
}

/* Writes the BTF of the request to a file, because libbpf reads it from one. Returns its path, NULL without such BTF. */
static const char *custom_btf(void)
{
	static const char path[] = "/tmp/btf";
	static bool is_written;
	struct request_frame frame;
	FILE *file;

	if (is_written || !request_find(FRAME_BTF, &frame))
		return is_written ? path : NULL;
	file = fopen(path, "we");
	if (file) {
		is_written = fwrite(frame.payload, 1, frame.length, file) == frame.length;
		is_written = fclose(file) == 0 && is_written;
	}
	if (!is_written)
		warn("settings: btf: cannot be written to %s: %d", path, -errno);
	/* libbpf refuses a file that is missing. Without the path it would use the BTF of the kernel. */
	return path;
}

/* Opens the object with the custom BTF and the kernel configuration of the request. */
static struct bpf_object *open_object(const struct object_file *file)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = file->name);
	struct request_frame frame;

	options.btf_custom_path = custom_btf();
	if (request_find(FRAME_KCONFIG, &frame))
		options.kconfig = read_kconfig_request(payload_of(&frame)).text;
	return bpf_object__open_mem(file->bytes, file->length, &options);
}

/* Opens the object for a load attempt, or takes the opened one, and then keeps the messages that belong into the log of the attempt. */
static struct bpf_object *object_for_attempt(const struct object_file *file, const char *program)
{
	bool is_brief = program && program_count > MANY_PROGRAMS;
	struct bpf_object *object = file->opened;

	if (is_brief)
		say_lines_are_left_out();
	libbpf_set_print(is_brief ? keep_notices : keep_log);
	if (object)
		response_repeat(file->opening, file->opening_end);
	else
		object = open_object(file);
	libbpf_set_print(is_brief ? keep_own_log : keep_log);
	return object;
}

/*
 * Run checks need the whole object, so a program that is loaded alone is only attached. They also need the programs that are finally
 * chosen among alternatives.
 */
static void after_load(struct bpf_object *object, const char *program)
{
	attach_all(object);
	if (!program && !chosen_failed(attach_failed))
		run_check(object);
}

/* One load attempt. `program` is the only program to load, NULL for the whole object. With `list` all programs are reported. */
static enum reached attempt(const struct object_file *file, const char *program, bool list)
{
	enum reached reached = REACHED_OPEN;
	struct request_frame pins;
	struct bpf_object *object;
	uint64_t start, opened;
	uint32_t log;
	int error = 0;

	send_attempt_begin(program ? program : "");
	log = response_length();
	start = now_ns();
	object = object_for_attempt(file, program);
	error = object ? 0 : -errno;
	opened = now_ns();
	if (object) {
		error = apply_settings(&(struct loading){ object, program });
		/* A setting that fails is no fault of the file, and may concern one program alone. */
		reached = error ? REACHED_PREPARE : REACHED_OPEN;
		if (list)
			write_programs(object);
	}
	if (object && !error) {
		if (program) {
			autoload_only(object, program);
			leave_out_struct_ops(object, program);
		}
		if (!request_find(FRAME_PINS, &pins))
			forget_pins(object);
		opened = now_ns();
		reached = load(object, &error);
	}
	send_attempt_end(reached, (uint32_t)(error < 0 ? -error : error), opened - start, now_ns() - opened);
	if (reached == REACHED_LOAD)
		report_function_without_address(log);
	/* Old releases of libbpf crash when they list the maps of no object. */
	if (!object)
		return reached;
	if (reached == REACHED_DONE)
		after_load(object, program);
	/* The guest ends soon, and to free the whole object would take longer than to load it. */
	if (reached == REACHED_DONE && !program && !chosen_failed(attach_failed))
		return reached;
	detach_all();
	unpin(object);
	/* The child that loads an opened object ends now. */
	if (!file->opened)
		bpf_object__close(object);
	return reached;
}

/* The names of the programs that are loaded after all settings; the array ends with NULL. */
static char **program_names(const struct object_file *file)
{
	struct bpf_object *object = open_object(file);
	struct bpf_program *program;
	size_t count = 0;
	char **names;

	if (!object)
		return NULL;
	apply_settings(&(struct loading){ object, NULL });
	bpf_object__for_each_program(program, object)
		count++;
	names = calloc(count + 1, sizeof(*names));
	count = 0;
	if (names)
		bpf_object__for_each_program(program, object)
			if (bpf_program__autoload(program))
				names[count++] = strdup(bpf_program__name(program));
	bpf_object__close(object);
	return names;
}

static bool works_alone(const void *file, const char *program)
{
	return attempt(file, program, false) == REACHED_DONE && !attach_failed(program);
}

struct alone {
	const struct object_file *file;
	const char *program;
};

static void attempt_alone(const void *context)
{
	const struct alone *alone = context;

	attempt(alone->file, alone->program, false);
}

/* Loads each wanted program alone, except for those that were tried. */
static void attempt_each(const struct object_file *file)
{
	struct object_file opened = *file;
	char **names;
	bool alone;

	libbpf_set_print(keep_quiet);
	names = program_names(file);
	/* The load attempt of an object with one program was already that of the program. */
	alone = names && names[0] && !names[1];
	/* An object can be loaded only once, so each program of a large one is loaded in a child, which has a copy of the opened object. */
	if (program_count > MANY_PROGRAMS) {
		libbpf_set_print(keep_notices);
		opened.opening = response_length();
		opened.opened = open_object(file);
		opened.opening_end = response_length();
		if (opened.opened)
			autoload_only(opened.opened, NULL);
	}
	for (char **next = names; next && *next; next++) {
		bool wanted = !alone && !was_tried(*next);
		bool done = wanted && opened.opened && in_child(attempt_alone, &(struct alone){ &opened, *next });

		if (wanted && !done)
			attempt(file, *next, false);
		free(*next);
	}
	free(names);
}

/*
 * Every program and map of an object needs a descriptor, and a kernel starts with a limit of 1,024. A larger object must not fail for that:
 * it is no property of the kernel.
 */
static void allow_descriptors(void)
{
	const struct rlimit most = { .rlim_cur = MOST_DESCRIPTORS, .rlim_max = MOST_DESCRIPTORS };

	if (setrlimit(RLIMIT_NOFILE, &most) != 0)
		dprintf(2, "corematrix: allow more descriptors: %s\n", strerror(errno));
}

void load_object(const char *name, const void *bytes, uint32_t length)
{
	struct object_file file = { .name = name, .bytes = bytes, .length = length };
	enum reached reached;

	allow_descriptors();
	reached = attempt(&file, NULL, true);
	if (reached == REACHED_OPEN)
		return;
	if ((reached != REACHED_DONE || chosen_failed(attach_failed)) &&
	    choose_alternatives(works_alone, &file, reached == REACHED_DONE ? attach_failed : NULL))
		reached = attempt(&file, NULL, false);
	if (reached != REACHED_DONE)
		attempt_each(&file);
	report_chosen();
}

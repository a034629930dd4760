// SPDX-License-Identifier: Apache-2.0
/*
 * Applies the settings of each request to ./object.o and shows the object that would be loaded. A program whose name begins with "good"
 * counts as one that loads. Each input is handled in its own process, because the agent remembers its choices.
 */
#include "driver.h"

#include "../../../../harness/guest/agent/alternatives.h"
#include "../../../../harness/guest/agent/messages.h"
#include "../../../../harness/guest/agent/settings.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int keep_quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

static bool is_good(const void *context, const char *program)
{
	(void)context;
	return strncmp(program, "good", 4) == 0;
}

static void show_programs(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		if (bpf_program__autoload(program))
			printf(" %s:%s:%d", bpf_program__name(program), libbpf_bpf_prog_type_str(bpf_program__type(program)),
			       bpf_program__expected_attach_type(program));
	}
}

static void show_maps(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		size_t size = 0;
		const unsigned char *values = bpf_map__initial_value(map, &size);

		if (!bpf_map__autocreate(map))
			continue;
		printf(" %s:%s:%u:%u:%u", bpf_map__name(map), libbpf_bpf_map_type_str(bpf_map__type(map)), bpf_map__max_entries(map),
		       bpf_map__key_size(map), bpf_map__value_size(map));
		for (size_t i = 0; values && i < size; i++)
			printf("%s%02x", i ? "" : ":", values[i]);
	}
}

static void apply(void)
{
	struct bpf_object *object;
	struct loading loading = { 0 };

	libbpf_set_print(keep_quiet);
	object = bpf_object__open_file("object.o", NULL);
	if (!object)
		err(2, "open object.o");
	loading.object = object;
	printf("%d", apply_settings(&loading));
	if (choose_alternatives(is_good, NULL, NULL))
		printf(" again %d", apply_settings(&loading));
	show_programs(object);
	show_maps(object);
	report_chosen();
	response_end();
	bpf_object__close(object);
}

void handle(const uint8_t *bytes, uint32_t length)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		place_request(bytes, length);
		apply();
		fflush(stdout);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		errx(2, "the process for an input ended with status %d", status);
}

// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "run_check.h"

#include "events.h"
#include "messages.h"
#include "trigger.h"
#include "trigger_command.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAX_COUNTERS 64
/* The longest packet that a test run may return. */
#define OUTPUT_BYTES (64 << 10)

static void test_run(struct bpf_object *object, const struct request_frame *frame)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);
	struct test_run_request request = read_test_run_request(payload_of(frame));
	struct bpf_program *program = bpf_object__find_program_by_name(object, request.program);
	int error = -ENOENT;

	options.repeat = (int)request.repeat;
	if (request.data.left) {
		options.data_in = request.data.at;
		options.data_size_in = request.data.left;
		options.data_out = malloc(OUTPUT_BYTES);
		options.data_size_out = options.data_out ? OUTPUT_BYTES : 0;
	}
	if (request.context.left) {
		options.ctx_in = request.context.at;
		options.ctx_size_in = request.context.left;
	}
	if (program)
		error = bpf_prog_test_run_opts(bpf_program__fd(program), &options);
	free(options.data_out);
	send_triggered(request.index, (uint32_t)-error, options.retval);
}

static void pull(const struct request_frame *frame)
{
	struct trigger_request request = read_trigger_request(payload_of(frame));

	send_triggered(request.index, (uint32_t)-pull_trigger(request.name), 0);
}

static void pull_triggers(struct bpf_object *object)
{
	struct request_frame frame = { 0 };

	while (request_next(&frame)) {
		if (frame.type == FRAME_TRIGGER)
			pull(&frame);
		if (frame.type == FRAME_TRIGGER_COMMAND)
			run_trigger_command(&frame);
		if (frame.type == FRAME_TEST_RUN)
			test_run(object, &frame);
	}
}

/* Whether only the process that attached the programs can pull the trigger. */
static bool needs_links(const struct request_frame *frame)
{
	return strcmp(read_trigger_request(payload_of(frame)).name, TRIGGER_ITERATE) == 0;
}

void pull_triggers_of_request(void)
{
	struct request_frame frame = { 0 };

	while (request_next(&frame)) {
		if (frame.type == FRAME_TRIGGER && !needs_links(&frame))
			pull(&frame);
		if (frame.type == FRAME_TRIGGER_COMMAND)
			run_trigger_command(&frame);
	}
}

struct counted {
	uint32_t index;
	int error;
	struct event_counter *counter;
};

/* Opens a counter for each buffer of the request before anything runs, because perf buffers keep no events for later readers. */
static size_t open_counters(struct bpf_object *object, struct counted counters[MAX_COUNTERS])
{
	struct request_frame frame = { 0 };
	size_t count = 0;

	while (count < MAX_COUNTERS && request_next(&frame)) {
		struct counted *next = &counters[count];
		struct count_events_request request;
		struct bpf_map *map;

		if (frame.type != FRAME_COUNT_EVENTS)
			continue;
		request = read_count_events_request(payload_of(&frame));
		next->index = request.index;
		map = bpf_object__find_map_by_name(object, request.map);
		errno = ENOENT;
		next->counter = map ? event_counter_open(map) : NULL;
		next->error = next->counter ? 0 : -errno;
		count++;
	}
	return count;
}

static void report_events(const struct counted *counted)
{
	uint64_t count = counted->counter ? event_counter_read(counted->counter) : 0;

	send_events(counted->index, (uint32_t)-counted->error, count);
	if (counted->counter)
		event_counter_close(counted->counter);
}

/* The bytes that a lookup fills; per-CPU maps have a value for each possible processor. */
static size_t room_for(struct bpf_map *map)
{
	size_t size = bpf_map__value_size(map);

	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
		return ((size + 7) & ~(size_t)7) * (size_t)libbpf_num_possible_cpus();
	default:
		return size;
	}
}

static void look_up(struct bpf_object *object, const struct request_frame *frame)
{
	struct look_up_request request = read_look_up_request(payload_of(frame));
	struct bpf_map *map = bpf_object__find_map_by_name(object, request.map);
	size_t room = map ? room_for(map) : 0;
	uint8_t *value = room ? calloc(1, room) : NULL;
	int error = -ENOENT;

	if (map && request.key.left != bpf_map__key_size(map))
		error = -EINVAL;
	else if (value)
		error = bpf_map_lookup_elem(bpf_map__fd(map), request.key.at, value) == 0 ? 0 : -errno;
	begin_map_value(request.index, (uint32_t)-error);
	if (!error)
		frame_bytes(value, room);
	frame_close();
	free(value);
}

static void look_up_all(struct bpf_object *object)
{
	struct request_frame frame = { 0 };

	while (request_next(&frame))
		if (frame.type == FRAME_LOOK_UP)
			look_up(object, &frame);
}

/* Kernels before 5.12 do not count the runs of programs that may sleep. */
static bool counts_sleepers(void)
{
	struct utsname names;
	int major = 0, minor = 0;

	return uname(&names) == 0 && sscanf(names.release, "%d.%d", &major, &minor) == 2 && (major > 5 || (major == 5 && minor >= 12));
}

static bool may_sleep(struct bpf_program *program)
{
	const char *mark = strstr(bpf_program__section_name(program), ".s");

	return mark && (mark[2] == '/' || mark[2] == '\0');
}

static void report_runs(struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	uint32_t length = sizeof(info);
	int fd = bpf_program__fd(program);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
		return;
	if (may_sleep(program) && !counts_sleepers())
		return;
	send_runs(info.run_cnt, bpf_program__name(program));
}

void run_check(struct bpf_object *object)
{
	struct counted counters[MAX_COUNTERS];
	struct bpf_program *program;
	struct request_frame frame;
	size_t count;
	int statistics;

	if (!request_find(FRAME_RUN, &frame))
		return;
	statistics = bpf_enable_stats(BPF_STATS_RUN_TIME);
	count = open_counters(object, counters);
	pull_triggers(object);
	for (size_t i = 0; i < count; i++)
		report_events(&counters[i]);
	look_up_all(object);
	if (statistics >= 0) {
		bpf_object__for_each_program(program, object)
			report_runs(program);
		close(statistics);
	}
}

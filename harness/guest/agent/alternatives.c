// SPDX-License-Identifier: Apache-2.0
#include "alternatives.h"

#include "attach_target.h"
#include "messages.h"
#include "settings.h"
#include "supported.h"

#include <errno.h>
#include <string.h>

#define GROUPS 64
#define MEMBERS 32
#define TRIED 256
#define NONE (-1)

struct group {
	enum alternatives_kind kind;
	size_t count;
	const char *members[MEMBERS];
	/* The member that is chosen so far: at first the first one, later NONE if no member loads. */
	int chosen;
	/* Members for which the kernel lacks something are left out before any is tried. */
	bool excluded[MEMBERS];
	bool probed;
};

static struct group groups[GROUPS];
static size_t group_count;
static bool have_read;
static const char *tried[TRIED];
static size_t tried_count;

static void read_groups(void)
{
	struct request_frame frame = { 0 };

	if (have_read)
		return;
	have_read = true;
	while (group_count < GROUPS && request_next(&frame)) {
		struct group *group = &groups[group_count];
		struct alternatives_request request;

		if (frame.type != FRAME_ALTERNATIVES)
			continue;
		request = read_alternatives_request(payload_of(&frame));
		group->kind = request.kind;
		while (request.names.left && group->count < MEMBERS)
			group->members[group->count++] = payload_string(&request.names);
		group_count++;
	}
}

static int first_of(const struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (!group->excluded[i])
			return (int)i;
	return NONE;
}

/*
 * A program that is left out, because the kernel lacks something for it, is never tried. Nor is one whose target the kernel lacks, because
 * it would load all the same. If the kernel has no target of the group, all are tried, so that the error of each tells what it lacks.
 */
static void probe_programs(const struct loading *loading, struct group *group)
{
	bool lacks_target[MEMBERS] = { false };
	bool has_any = false;

	for (size_t i = 0; i < group->count; i++) {
		struct bpf_program *program = bpf_object__find_program_by_name(loading->object, group->members[i]);

		if (!program)
			continue;
		group->excluded[i] = is_left_out(group->members[i]);
		lacks_target[i] = !has_late_target(program, attach_target(group->members[i]));
		has_any = has_any || (!group->excluded[i] && !lacks_target[i]);
	}
	for (size_t i = 0; i < group->count; i++) {
		if (!has_any || !lacks_target[i] || group->excluded[i])
			continue;
		/* This writes why it is left out. */
		is_supported(bpf_object__find_program_by_name(loading->object, group->members[i]), attach_target(group->members[i]));
		group->excluded[i] = true;
	}
}

static void probe_maps(const struct loading *loading, struct group *group)
{
	bool found = false;

	for (size_t i = 0; i < group->count; i++) {
		const struct bpf_map *map = bpf_object__find_map_by_name(loading->object, group->members[i]);

		group->excluded[i] = found || !map || libbpf_probe_bpf_map_type(bpf_map__type(map), NULL) == 0;
		found = found || !group->excluded[i];
	}
	/* If the kernel supports no member, the first is loaded, so that the error of the kernel tells what it lacks. */
	group->excluded[0] = group->excluded[0] && found;
}

static int apply_group(const struct loading *loading, const struct group *group)
{
	int chosen = group->chosen == NONE ? first_of(group) : group->chosen;

	for (size_t i = 0; i < group->count; i++) {
		const char *name = group->members[i];
		struct bpf_program *program = bpf_object__find_program_by_name(loading->object, name);
		struct bpf_map *map = bpf_object__find_map_by_name(loading->object, name);

		if (group->kind == ALTERNATIVE_MAPS && map)
			bpf_map__set_autocreate(map, (int)i == chosen);
		else if (group->kind == ALTERNATIVE_PROGRAMS && program)
			bpf_program__set_autoload(program, (int)i == chosen);
		else
			return -ENOENT;
	}
	return 0;
}

int set_alternatives(const struct loading *loading, struct payload payload)
{
	int first = 0;

	(void)payload;
	read_groups();
	/* The first of these frames already applies all groups. To apply them again changes nothing. */
	for (size_t i = 0; i < group_count; i++) {
		int error;

		if (!groups[i].probed) {
			groups[i].probed = true;
			if (groups[i].kind == ALTERNATIVE_MAPS)
				probe_maps(loading, &groups[i]);
			else
				probe_programs(loading, &groups[i]);
			groups[i].chosen = first_of(&groups[i]);
		}
		error = apply_group(loading, &groups[i]);
		first = first ? first : error;
	}
	return first;
}

static int first_that_loads(const struct group *group, try_program load, const void *context)
{
	for (size_t i = 0; i < group->count; i++) {
		if (group->excluded[i])
			continue;
		if (tried_count < TRIED)
			tried[tried_count++] = group->members[i];
		if (load(context, group->members[i]))
			return (int)i;
	}
	return NONE;
}

static bool has_failed(const struct group *group, test_program failed)
{
	return group->kind == ALTERNATIVE_PROGRAMS && group->chosen != NONE && failed(group->members[group->chosen]);
}

bool chosen_failed(test_program failed)
{
	for (size_t i = 0; i < group_count; i++)
		if (has_failed(&groups[i], failed))
			return true;
	return false;
}

bool choose_alternatives(try_program load, const void *context, test_program failed)
{
	bool changed = false;

	for (size_t i = 0; i < group_count; i++) {
		struct group *group = &groups[i];

		if (group->kind != ALTERNATIVE_PROGRAMS || first_of(group) == NONE || (failed && !has_failed(group, failed)))
			continue;
		group->chosen = first_that_loads(group, load, context);
		changed = changed || (group->chosen != NONE && group->chosen != first_of(group));
	}
	return changed;
}

bool was_tried(const char *program)
{
	for (size_t i = 0; i < tried_count; i++)
		if (strcmp(tried[i], program) == 0)
			return true;
	return false;
}

void report_chosen(void)
{
	for (size_t i = 0; i < group_count; i++) {
		if (groups[i].chosen == NONE)
			continue;
		send_chosen(groups[i].kind, groups[i].members[groups[i].chosen]);
	}
}

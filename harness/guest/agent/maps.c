// SPDX-License-Identifier: Apache-2.0
/* Settings of maps. */
#include "messages.h"
#include "settings.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

static struct bpf_map *find_map(const struct loading *loading, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(loading->object, name);

	if (!map)
		warn("settings: map '%s': not in the object", name);
	return map;
}

/* Whether the kernel knows the type of a map. */
static bool is_supported(const struct bpf_map *map)
{
	return libbpf_probe_bpf_map_type(bpf_map__type(map), NULL) == 1;
}

static int set_cpus(struct bpf_map *map)
{
	int cpus = libbpf_num_possible_cpus();

	return cpus < 0 ? cpus : bpf_map__set_max_entries(map, (uint32_t)cpus);
}

static int set_attribute(struct bpf_map *map, enum map_attribute attribute, uint32_t value)
{
	switch (attribute) {
	case MAP_TYPE:
		return bpf_map__set_type(map, value);
	case MAP_MAX_ENTRIES:
		return bpf_map__set_max_entries(map, value);
	case MAP_KEY_SIZE:
		return bpf_map__set_key_size(map, value);
	case MAP_VALUE_SIZE:
		return bpf_map__set_value_size(map, value);
	case MAP_CPUS:
		return set_cpus(map);
	case MAP_AUTOCREATE:
		return bpf_map__set_autocreate(map, value == WANTED_IF_SUPPORTED ? is_supported(map) : value != WANTED_NO);
	}
	return -EINVAL;
}

static const char *const names[] = {
	[MAP_TYPE] = "type", [MAP_MAX_ENTRIES] = "max_entries", [MAP_KEY_SIZE] = "key_size", [MAP_VALUE_SIZE] = "value_size",
	[MAP_CPUS] = "cpus", [MAP_AUTOCREATE] = "autocreate",
};

int set_map(const struct loading *loading, struct payload payload)
{
	struct map_setting_request request = read_map_setting_request(payload);
	bool is_known = request.attribute < sizeof(names) / sizeof(names[0]);
	struct bpf_map *map = find_map(loading, request.map);
	int error;

	if (!map)
		return -ENOENT;
	error = set_attribute(map, request.attribute, request.value);
	if (error)
		warn("settings: map '%s': %s %u: %d", request.map, is_known ? names[request.attribute] : "attribute", request.value, error);
	return error;
}

/* The maps that libbpf copies inner maps from: one for each frame, made once for all load attempts. */
static struct {
	const void *frame;
	int fd;
} patterns[64];

/* Creates such a map, or finds it. Returns its descriptor, or a negative errno. */
static int pattern_map(const void *frame, const struct inner_map_request *inner, uint32_t flags)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = flags);
	const size_t limit = sizeof(patterns) / sizeof(patterns[0]);
	size_t i = 0;
	int fd;

	while (i < limit && patterns[i].frame && patterns[i].frame != frame)
		i++;
	if (i < limit && patterns[i].frame)
		return patterns[i].fd;
	fd = bpf_map_create(inner->map_type, NULL, inner->key_size, inner->value_size, inner->max_entries, &options);
	if (fd >= 0 && i < limit) {
		patterns[i].frame = frame;
		patterns[i].fd = fd;
	}
	return fd;
}

/*
 * Sets the inner maps of a map of maps. If the object describes them, a new map combines that description with the settings, because
 * libbpf 1.7 crashes when a setter is called for a described inner map, which belongs to no object.
 */
int set_inner_map(const struct loading *loading, struct payload payload)
{
	const void *frame = payload.at;
	struct inner_map_request request = read_inner_map_request(payload);
	struct bpf_map *map = find_map(loading, request.map);
	const struct bpf_map *inner;
	uint32_t flags = 0;
	int error, fd;

	if (!map)
		return -ENOENT;
	inner = bpf_map__inner_map(map);
	if (inner) {
		request.map_type = request.map_type ? request.map_type : bpf_map__type(inner);
		request.key_size = request.key_size ? request.key_size : bpf_map__key_size(inner);
		request.value_size = request.value_size ? request.value_size : bpf_map__value_size(inner);
		request.max_entries = request.max_entries ? request.max_entries : bpf_map__max_entries(inner);
		flags = bpf_map__map_flags(inner);
	}
	fd = pattern_map(frame, &request, flags);
	if (fd < 0) {
		/* The same words as in libbpf, when it cannot create an inner map. */
		warn("map '%s': failed to create inner map: %d", request.map, fd);
		return fd;
	}
	error = bpf_map__set_inner_map_fd(map, fd);
	if (error)
		warn("settings: map '%s': inner: %d", request.map, error);
	return error;
}

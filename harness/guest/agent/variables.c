// SPDX-License-Identifier: Apache-2.0
/* Values of global variables: bytes put into a data section before the map that libbpf makes of it is created. */
#include "settings.h"

#include <errno.h>
#include <string.h>

int set_variable(const struct loading *loading, struct payload payload)
{
	uint32_t offset = payload_u32(&payload);
	const char *section = payload_string(&payload);
	struct bpf_map *map = bpf_object__find_map_by_name(loading->object, section);
	size_t size = 0;
	/* Before libbpf 1.3 it says const. */
	char *values = map ? (char *)bpf_map__initial_value(map, &size) : NULL;

	if (!values || offset > size || payload.left > size - offset) {
		warn("settings: %s: no %u bytes at %u of it to be set", section, payload.left, offset);
		return -ENOENT;
	}
	memcpy(values + offset, payload.at, payload.left);
	return 0;
}

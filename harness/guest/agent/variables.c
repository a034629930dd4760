// SPDX-License-Identifier: Apache-2.0
/* Values of global variables: bytes that are put into a data section before libbpf creates its map. */
#include "messages.h"
#include "settings.h"

#include <errno.h>
#include <string.h>

int set_variable(const struct loading *loading, struct payload payload)
{
	struct variable_request request = read_variable_request(payload);
	struct bpf_map *map = bpf_object__find_map_by_name(loading->object, request.section);
	size_t size = 0;
	/* libbpf before 1.3 declares the result const. */
	char *values = map ? (char *)bpf_map__initial_value(map, &size) : NULL;

	if (!values || request.offset > size || request.bytes.left > size - request.offset) {
		warn("settings: %s: no %u bytes at %u of it to be set", request.section, request.bytes.left, request.offset);
		return -ENOENT;
	}
	memcpy(values + request.offset, request.bytes.at, request.bytes.left);
	return 0;
}

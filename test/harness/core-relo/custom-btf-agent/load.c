// SPDX-License-Identifier: Apache-2.0
/*
 * The load.c of an agent that relocates with custom BTF. Tests put the real load.c beside it as really.h.
 * In the file of an object, the BTF follows the object, and the length of the BTF follows the BTF.
 */
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static struct bpf_object *open_upon_types(const void *bytes, size_t length, const struct bpf_object_open_opts *given)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = given->object_name, .btf_custom_path = "/types");
	uint32_t types = 0;
	FILE *file;

	memcpy(&types, (const char *)bytes + length - sizeof(types), sizeof(types));
	length -= sizeof(types) + types;
	file = fopen(options.btf_custom_path, "wb");
	if (!file || fwrite((const char *)bytes + length, 1, types, file) != types || fclose(file))
		return NULL;
	return bpf_object__open_mem(bytes, length, &options);
}

#define bpf_object__open_mem open_upon_types
#include "really.h"

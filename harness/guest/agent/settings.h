/* SPDX-License-Identifier: Apache-2.0 */
/* Applying the settings of the request to an open object, before its load. */
#ifndef COREMATRIX_SETTINGS_H
#define COREMATRIX_SETTINGS_H

#include "payload.h"

#include <bpf/libbpf.h>

/* An open object before its load. */
struct loading {
	struct bpf_object *object;
	/* The only program to load, or NULL for all wanted programs. */
	const char *only;
};

/*
 * Applies all settings in the order of the request, also after one that fails. Returns 0, or the first error as a negative errno. The
 * log then has a warning that names the setting.
 */
int apply_settings(const struct loading *loading);

/* Whether this load attempt includes the program. */
bool is_wanted(const struct loading *loading, const struct bpf_program *program);

/* Writes a line into the log as a warning. It begins with `libbpf: `, because the host looks only for such lines. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Each applies one frame and returns 0 or a negative errno. */
int set_autoload(const struct loading *loading, struct payload payload);
int set_program(const struct loading *loading, struct payload payload);
int set_attach_target(const struct loading *loading, struct payload payload);
int set_map(const struct loading *loading, struct payload payload);
int set_variable(const struct loading *loading, struct payload payload);
int set_alternatives(const struct loading *loading, struct payload payload);
int set_inner_map(const struct loading *loading, struct payload payload);

#endif

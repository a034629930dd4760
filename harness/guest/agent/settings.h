/* SPDX-License-Identifier: Apache-2.0 */
/* Settings that the request has for an opened object, applied before the load as a loader would. */
#ifndef COREMATRIX_SETTINGS_H
#define COREMATRIX_SETTINGS_H

#include "payload.h"

#include <bpf/libbpf.h>

/* An object that is about to be loaded. */
struct loading {
	struct bpf_object *object;
	/* The only program to be loaded, or NULL for all that are wanted. */
	const char *only;
};

/*
 * Applies every setting of the request, in its order, also when one cannot be. Returns 0, or the first error as a negative errno,
 * after a warning in the log that says which setting it was.
 */
int apply_settings(const struct loading *loading);

/* Whether a program is to be loaded now. */
bool is_wanted(const struct loading *loading, const struct bpf_program *program);

/* Writes a line of our own into the log, as a warning; `libbpf: ` is written before it, which is what the host looks for. */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Each applies one frame: its payload is read from the beginning. Returns 0 or a negative errno. */
int set_autoload(const struct loading *loading, struct payload payload);
int set_program(const struct loading *loading, struct payload payload);
int set_attach_target(const struct loading *loading, struct payload payload);
int set_map(const struct loading *loading, struct payload payload);
int set_variable(const struct loading *loading, struct payload payload);
int set_alternatives(const struct loading *loading, struct payload payload);
int set_inner_map(const struct loading *loading, struct payload payload);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a kernel has what a program takes, asked before it is loaded, as tools do that switch programs off where it has not. */
#ifndef COREMATRIX_SUPPORTED_H
#define COREMATRIX_SUPPORTED_H

#include <bpf/libbpf.h>
#include <stdbool.h>

/*
 * Whether the kernel knows the type of a program and has what it attaches to. `target` is what it is to attach to, or NULL for what
 * its section says. Says in a frame why not; of what is asked again for the same program, nothing is said.
 */
bool is_supported(struct bpf_program *program, const char *target);

/* Whether is_supported() was asked for a program of this name and said no. */
bool is_left_out(const char *program);

#endif

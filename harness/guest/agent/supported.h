/* SPDX-License-Identifier: Apache-2.0 */
/* Asking before the load whether the kernel supports a program, as tools do that switch off unsupported programs. */
#ifndef COREMATRIX_SUPPORTED_H
#define COREMATRIX_SUPPORTED_H

#include <bpf/libbpf.h>
#include <stdbool.h>

/*
 * Whether the kernel knows the type of the program and has its target. `target` is NULL for the target in the section name. If not,
 * writes FRAME_LEFT_OUT, once for each program.
 */
bool is_supported(struct bpf_program *program, const char *target);

/* Whether the kernel knows a program type, named as in libbpf. True for an unknown name. */
bool knows_program_type(const char *name);

/* Whether is_supported() has returned false for a program of this name. */
bool is_left_out(const char *program);

/*
 * Whether the kernel has a target that the load does not need: a tracepoint, or a function that the kernel can trace. Other targets need
 * no such answer, because the load itself fails without them. Writes no frame.
 */
bool has_late_target(struct bpf_program *program, const char *target);

/* As has_late_target(), for a program of which only the section is known. */
bool has_late_target_of_section(const char *section, const char *target);

#endif

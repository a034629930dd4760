/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a program: the one that the request names, or the one in the section name. */
#ifndef COREMATRIX_ATTACH_TARGET_H
#define COREMATRIX_ATTACH_TARGET_H

#include <bpf/libbpf.h>
#include <stdbool.h>

/* The target that the request names for a program, valid as long as the mailbox is; NULL when it names none. */
const char *attach_target(const char *program);

/* The text after the first `/` in the section name; NULL if there is none. */
const char *section_target(const struct bpf_program *program);

/*
 * Copies the kernel function that a kprobe, fentry, fexit or fmod_ret program attaches to, without an offset. Returns false for any
 * other program, for patterns, and for names that are too long.
 * @target: the target of the program; NULL if it has none
 */
bool function_to_trace(const struct bpf_program *program, const char *target, char *function, size_t size);

#endif

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

/* As function_to_trace(), for a program of which only the section is known. `target` is NULL for the target in the section name. */
bool function_of_section(const char *section, const char *target, char *function, size_t size);

/* What the load of a program does not look up, so that the program loads without it. */
enum late_target {
	LATE_NONE,
	LATE_TRACEPOINT,
	LATE_RAW_TRACEPOINT,
	LATE_FUNCTION,
	/* The load looks the function up in BTF, but not in the lists of functions to which programs can be attached. */
	LATE_LISTED_FUNCTION,
};

/* The kind of target that a section names. */
enum late_target late_target_of(const char *section);

#endif

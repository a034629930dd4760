/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alternatives: groups of programs or maps of which one is chosen: the first program that loads and, if the request asks for it, attaches;
 * the first map whose type the kernel knows.
 */
#ifndef COREMATRIX_ALTERNATIVES_H
#define COREMATRIX_ALTERNATIVES_H

#include <stdbool.h>

/* Loads one program alone, attaches it if this is asked for, and returns whether both succeed. */
typedef bool (*try_program)(const void *context, const char *program);

/* Whether something is true of the program of this name. */
typedef bool (*test_program)(const char *program);

/* Whether any group has chosen a program that failed. */
bool chosen_failed(test_program failed);

/*
 * Tries the programs of groups alone, in their order, until one succeeds: of every group, or with `failed` only of those whose chosen
 * program failed. Returns whether another than the first is now chosen in any group. Programs that were tried are remembered.
 */
bool choose_alternatives(try_program load, const void *context, test_program failed);

/* Whether choose_alternatives() has tried to load the program alone. */
bool was_tried(const char *program);

/* Writes FRAME_CHOSEN for each group, except for one of which no member loads. */
void report_chosen(void);

#endif

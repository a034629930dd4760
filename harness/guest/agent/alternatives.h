/* SPDX-License-Identifier: Apache-2.0 */
/* Alternatives: groups of programs or maps of which one is chosen, the first that loads or whose type the kernel knows. */
#ifndef COREMATRIX_ALTERNATIVES_H
#define COREMATRIX_ALTERNATIVES_H

#include <stdbool.h>

/* Loads one program alone and returns whether it loads. */
typedef bool (*try_program)(const void *context, const char *program);

/*
 * Tries the programs of every group alone, in their order, until one loads. Returns whether another than the first is now chosen in
 * any group. Programs that were tried are remembered.
 */
bool choose_alternatives(try_program load, const void *context);

/* Whether choose_alternatives() has tried to load the program alone. */
bool was_tried(const char *program);

/* Writes FRAME_CHOSEN for each group, except for one of which no member loads. */
void report_chosen(void);

#endif

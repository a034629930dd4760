/* SPDX-License-Identifier: Apache-2.0 */
/* Groups of programs or maps of which one is to be taken: the first that loads, the first whose type the kernel knows. */
#ifndef COREMATRIX_ALTERNATIVES_H
#define COREMATRIX_ALTERNATIVES_H

#include <stdbool.h>

/* Loads one program alone and says whether that went well. */
typedef bool (*try_program)(const void *context, const char *program);

/*
 * Tries the programs of every group alone, in their order, until one loads. Returns whether any other than the first is to be taken
 * now. Programs that were tried are remembered.
 */
bool choose_alternatives(try_program load, const void *context);

/* Whether choose_alternatives() has loaded the program alone. */
bool was_tried(const char *program);

/* Says in a frame for each group what is taken; nothing for one of which nothing loads. */
void say_taken(void);

#endif

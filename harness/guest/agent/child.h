/* SPDX-License-Identifier: Apache-2.0 */
/* Work in a child process, which has a copy of all memory except for the mailbox. */
#ifndef COREMATRIX_CHILD_H
#define COREMATRIX_CHILD_H

#include <stdbool.h>

/*
 * Runs `work` in a child and waits for its end. If the child crashes, this process ends in the same way. Returns false if there is no
 * memory for a child.
 */
bool in_child(void (*work)(const void *context), const void *context);

#endif

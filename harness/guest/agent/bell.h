/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COREMATRIX_BELL_H
#define COREMATRIX_BELL_H

#include <stdbool.h>

/* Returns false and sets errno if the kernel allows no process to write to a port. */
bool bell_open(void);
void bell_ring(const char *text, int length);

#endif

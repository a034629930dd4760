/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COREMATRIX_BELL_H
#define COREMATRIX_BELL_H

#include <stdbool.h>

/* False, and errno, when the kernel lets no process write to a port. */
bool bell_open(void);
void bell_ring(const char *text, int length);

#endif

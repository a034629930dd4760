/* SPDX-License-Identifier: Apache-2.0 */
/* What differs between architectures. machine_ARCH.c implements it for each of them. */
#ifndef COREMATRIX_MACHINE_H
#define COREMATRIX_MACHINE_H

/* Returns NULL, or sets errno and returns what the agent cannot do and what the kernel lacks for it. */
const char *bell_open(void);
void bell_ring(const char *text, int length);
/* For a loop that reads memory until the host changes it. */
void pause_briefly(void);

#endif

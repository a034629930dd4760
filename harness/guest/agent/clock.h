/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COREMATRIX_CLOCK_H
#define COREMATRIX_CLOCK_H

#include <stdint.h>

/* Monotonic time in nanoseconds. */
uint64_t now_ns(void);

#endif

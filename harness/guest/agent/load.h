/* SPDX-License-Identifier: Apache-2.0 */
/* Loading one object through libbpf, whole and then program by program, everything said on the way kept as frames. */
#ifndef COREMATRIX_LOAD_H
#define COREMATRIX_LOAD_H

#include <stdint.h>

/* Runs every attempt and writes FRAME_PROGRAM, FRAME_ATTEMPT_* and FRAME_LOG. `bytes` is the ELF file. */
void load_object(const char *name, const void *bytes, uint32_t length);

#endif

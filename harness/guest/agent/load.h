/* SPDX-License-Identifier: Apache-2.0 */
/* Loading one object through libbpf: the whole object, and if that fails, each program alone. */
#ifndef COREMATRIX_LOAD_H
#define COREMATRIX_LOAD_H

#include <stdint.h>

/* Runs all load attempts and writes FRAME_PROGRAM, FRAME_ATTEMPT_* and FRAME_LOG. `bytes` is the ELF file. */
void load_object(const char *name, const void *bytes, uint32_t length);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Loading kernel modules before the object, because libbpf needs their BTF and programs need their functions. */
#ifndef COREMATRIX_MODULE_H
#define COREMATRIX_MODULE_H

#include <stdbool.h>

/* Loads the modules in the order of the request and writes FRAME_MODULE_END for each. Returns false after the first failure. */
bool load_modules(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel modules that are loaded before the object, so that libbpf finds their BTF and programs their functions. */
#ifndef COREMATRIX_MODULE_H
#define COREMATRIX_MODULE_H

#include <stdbool.h>

/* Loads the modules of the request in its order and writes FRAME_MODULE_END for each; false after the first that does not load. */
bool load_modules(void);

#endif

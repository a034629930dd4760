/* SPDX-License-Identifier: Apache-2.0 */
/* The custom loader: its files unpacked, its command run, and how it ended. */
#ifndef COREMATRIX_CUSTOM_LOADER_H
#define COREMATRIX_CUSTOM_LOADER_H

#include <stdbool.h>

/* Runs the command of the request and writes FRAME_OUTPUT and FRAME_COMMAND_END; false when the request has none. */
bool run_custom_loader(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Running the custom loader of the request. */
#ifndef COREMATRIX_CUSTOM_LOADER_H
#define COREMATRIX_CUSTOM_LOADER_H

#include <stdbool.h>

/* Unpacks its files, runs its command, and writes FRAME_OUTPUT, FRAME_COLLECTED and FRAME_COMMAND_END. Returns false if the request has no
 * command. */
bool run_custom_loader(void);

#endif

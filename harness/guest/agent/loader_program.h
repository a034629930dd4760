/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loader program: a static program that loads objects through a library other than libbpf. The agent starts it before the snapshot,
 * passes each request on to it through a pipe, and copies its frames into the response.
 */
#ifndef COREMATRIX_LOADER_PROGRAM_H
#define COREMATRIX_LOADER_PROGRAM_H

#include <stdbool.h>

/* The initramfs has this program if another library than libbpf loads. */
#define LOADER_PATH "/loader"

bool has_loader_program(void);

/*
 * Starts the loader program and waits until it is ready. Returns the release of its library, NULL with errno set if the program does not
 * start.
 */
const char *start_loader_program(void);

/*
 * Passes the request on and writes what the loader program reports. If the program dies, or breaks the protocol and is killed, writes
 * FRAME_CRASH with its wait status.
 */
void load_with_program(void);

#endif

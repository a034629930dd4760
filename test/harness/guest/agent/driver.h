/* SPDX-License-Identifier: Apache-2.0 */
/* Runs parts of the agent on the host. Reads inputs from standard input and answers each with one line. */
#ifndef COREMATRIX_TEST_DRIVER_H
#define COREMATRIX_TEST_DRIVER_H

#include <stdint.h>

/* Defined by each test program. Prints its findings without the end of the line. `bytes` is a heap block of exactly `length`. */
void handle(const uint8_t *bytes, uint32_t length);

/* Maps the mailbox in ./devices once, puts the request into it, and begins a response. The bytes are header, then frames. */
void place_request(const uint8_t *bytes, uint32_t length);

#endif

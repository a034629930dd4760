/* SPDX-License-Identifier: Apache-2.0 */
/* Why a program cannot be attached to a kernel function. The lists of the kernel are long, so they are read only for such an answer. */
#ifndef COREMATRIX_TRACEABLE_H
#define COREMATRIX_TRACEABLE_H

#include "frames.h"

#include <stdint.h>

/* What the lists of the kernel say about a function; TARGET_UNKNOWN if it has no lists, or after too many functions. */
enum target_state target_state_of(const char *function);

/* Writes FRAME_TARGET for a function that a program was not attached to. */
void report_target(const char *program, const char *function);

/* Reports the function for which the verifier found no address, if it says so in the response from this length on. */
void report_function_without_address(uint32_t since);

/* Reports the functions that a custom loader names in its output as those it could not attach to, from this length of the response on. */
void report_functions_in_output(uint32_t since);

#endif

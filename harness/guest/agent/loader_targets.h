/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attach targets of the programs that a loader program loads. Only the agent reads the lists of the kernel, so that each loader gets
 * the same answers.
 */
#ifndef COREMATRIX_LOADER_TARGETS_H
#define COREMATRIX_LOADER_TARGETS_H

#include "payload.h"

#include <stdint.h>

/* Reads a frame of the loader program that is already in the response, and writes FRAME_TARGET for a function that explains a failure. */
void note_loader_frame(uint32_t type, struct payload payload);

/* The answer to CONTROL_FIND_TARGET. */
uint32_t find_target(struct payload payload);

#endif

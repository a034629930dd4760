/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the payload of a request frame. The host wrote it, and nothing here depends on that. */
#ifndef COREMATRIX_PAYLOAD_H
#define COREMATRIX_PAYLOAD_H

#include "frames.h"

struct payload {
	const char *at;
	uint32_t left;
};

struct payload payload_of(const struct request_frame *frame);
/* 0 beyond the end. */
uint32_t payload_u32(struct payload *payload);
/* "" beyond the end, and where a terminator is missing. Valid as long as the mailbox is. */
const char *payload_string(struct payload *payload);

#endif

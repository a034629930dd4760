/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the payload of a request frame. The host wrote it, and nothing here depends on that. */
#ifndef COREMATRIX_PAYLOAD_H
#define COREMATRIX_PAYLOAD_H

#include "mailbox.h"

struct payload {
	const char *at; /* NULL where a field does not fit into the frame */
	uint32_t left;
};

struct string_list {
	uint32_t count;
	struct payload strings;
};

struct payload payload_of(const struct request_frame *frame);
/* 0 beyond the end. */
uint32_t payload_u32(struct payload *payload);
/* "" beyond the end, and where a terminator is missing. Valid as long as the mailbox is. */
const char *payload_string(struct payload *payload);
/* The bytes after a u32 that counts them; none, at NULL, where that is more than there are. */
struct payload payload_counted(struct payload *payload);
/* The strings after a u32 that counts them; none, at NULL, where that is more than there are. */
struct string_list payload_list(struct payload *payload);
/* All bytes up to the end. */
struct payload payload_rest(struct payload *payload);

#endif

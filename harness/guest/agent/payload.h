/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the payload of a request frame. Any bytes are safe to read. */
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
/* Returns 0 beyond the end. */
uint32_t payload_u32(struct payload *payload);
/* Returns a string in the mailbox; "" beyond the end, and for a string without its terminator. */
const char *payload_string(struct payload *payload);
/* Returns the bytes after a u32 that counts them; none, at NULL, if the payload has fewer. */
struct payload payload_counted(struct payload *payload);
/* Returns the strings after a u32 that counts them; none, at NULL, if the payload has fewer. */
struct string_list payload_list(struct payload *payload);
/* Returns all bytes up to the end. */
struct payload payload_rest(struct payload *payload);

#endif

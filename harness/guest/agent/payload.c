// SPDX-License-Identifier: Apache-2.0
#include "payload.h"

#include <string.h>

struct payload payload_of(const struct request_frame *frame)
{
	return (struct payload){ frame->payload, frame->length };
}

uint32_t payload_u32(struct payload *payload)
{
	uint32_t value = 0;

	if (payload->left < sizeof(value)) {
		payload->left = 0;
		return 0;
	}
	memcpy(&value, payload->at, sizeof(value));
	payload->at += sizeof(value);
	payload->left -= (uint32_t)sizeof(value);
	return value;
}

const char *payload_string(struct payload *payload)
{
	const char *text = payload->at;
	const char *end = payload->left ? memchr(text, '\0', payload->left) : NULL;

	if (!end) {
		payload->left = 0;
		return "";
	}
	payload->left -= (uint32_t)(end - text) + 1;
	payload->at = end + 1;
	return text;
}

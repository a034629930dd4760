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

static struct payload nothing(struct payload *payload)
{
	payload->left = 0;
	return (struct payload){ NULL, 0 };
}

struct payload payload_counted(struct payload *payload)
{
	bool is_counted = payload->left >= sizeof(uint32_t);
	uint32_t count = payload_u32(payload);
	struct payload bytes = { payload->at, count };

	if (!is_counted || count > payload->left)
		return nothing(payload);
	payload->at += count;
	payload->left -= count;
	return bytes;
}

struct string_list payload_list(struct payload *payload)
{
	bool fits = payload->left >= sizeof(uint32_t);
	struct string_list list = { .count = payload_u32(payload) };

	list.strings = *payload;
	for (uint32_t i = 0; fits && i < list.count; i++) {
		const char *end = payload->left ? memchr(payload->at, '\0', payload->left) : NULL;

		fits = end != NULL;
		if (fits) {
			payload->left -= (uint32_t)(end - payload->at) + 1;
			payload->at = end + 1;
		}
	}
	if (!fits)
		return (struct string_list){ 0, nothing(payload) };
	list.strings.left -= payload->left;
	return list;
}

struct payload payload_rest(struct payload *payload)
{
	struct payload rest = *payload;

	payload->left = 0;
	return rest;
}

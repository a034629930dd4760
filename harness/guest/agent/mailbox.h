/* SPDX-License-Identifier: Apache-2.0 */
/* The mailbox that host and guest share: reading the request in it, writing the response. */
#ifndef COREMATRIX_MAILBOX_H
#define COREMATRIX_MAILBOX_H

#include "frames.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Maps the mailbox. Returns its guest-physical address, or 0 and sets errno if there is none. */
uint64_t mailbox_open(void);

/* Whether the host has put a request into the mailbox. */
bool request_present(void);

/* Tells the host that this guest still runs. */
void heartbeat(void);

struct request_frame {
	uint32_t type;
	uint32_t length;
	const void *payload; /* NULL before the first */
};

/* Steps to the next frame of the request, from a zeroed one to the first. Returns false after the last. */
bool request_next(struct request_frame *frame);

/* Finds the first frame of this type. Returns false if there is none. */
bool request_find(uint32_t type, struct request_frame *frame);

/* Starts an empty response, or continues the present one, whose state is in the mailbox and outlives the process. */
void response_begin(void);
void response_resume(void);
void response_end(void);

/* Write one frame, field by field. Text for which there is no room is cut and counted in `dropped`. */
void frame_open(uint32_t type);
void frame_u32(uint32_t value);
void frame_u64(uint64_t value);
void frame_string(const char *text);
void frame_bytes(const void *bytes, size_t length);
void frame_vprintf(const char *format, va_list arguments);
/* Writes a whole frame. If it is a log for which there is no room, its end is cut. */
void frame_copy(uint32_t type, const void *payload, size_t length);
/* Also ends the frame that a crashed process left open. */
void frame_close(void);

/* Copies the name of letters, digits, `_` and `.` that follows a text in the response, from this length on; an empty one if it is too long.
 * Returns the length behind it, 0 if the text is not there. */
uint32_t response_name_after(uint32_t since, const char *text, char *name, size_t size);

/* Appends whole frames of the response once more, if they fit. */
void response_repeat(uint32_t from, uint32_t end);

/* Where the response begins in the mailbox, how long it is, and its CRC-32 (ISO-HDLC, as in zlib). */
uint32_t response_offset(void);
uint32_t response_length(void);
uint32_t response_crc(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The mailbox that host and guest share: reading the request in it, writing the response. */
#ifndef COREMATRIX_MAILBOX_H
#define COREMATRIX_MAILBOX_H

#include "frames.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Maps the mailbox; returns its guest-physical address, 0 with errno when there is none. */
uint64_t mailbox_open(void);

/* Whether the host has put a request into the mailbox. */
bool request_present(void);

/* One more sign of life. */
void heartbeat(void);

struct request_frame {
	uint32_t type;
	uint32_t length;
	const void *payload; /* NULL before the first */
};

/* Steps to the next frame of the request; false after the last. Begin with a zeroed one. */
bool request_next(struct request_frame *frame);

/* The request's first frame of this type; false when there is none. */
bool request_find(uint32_t type, struct request_frame *frame);

/* Starts an empty response, or goes on with the one there is: its bookkeeping lives in the mailbox and outlives a process. */
void response_begin(void);
void response_resume(void);
void response_end(void);

/* Ordered writing of one frame. Text that finds no room is cut and counted in `dropped`. */
void frame_open(uint32_t type);
void frame_u32(uint32_t value);
void frame_u64(uint64_t value);
void frame_string(const char *text);
void frame_bytes(const void *bytes, size_t length);
void frame_vprintf(const char *format, va_list arguments);
/* Also ends the frame that a crashed process left open. */
void frame_close(void);

/* Where the response begins in the mailbox, how long it is, and its CRC-32 (ISO-HDLC, as in zlib). */
uint32_t response_offset(void);
uint32_t response_length(void);
uint32_t response_crc(void);

#endif

// SPDX-License-Identifier: Apache-2.0
/* The mailbox: the BAR 2 memory of QEMU's ivshmem-plain device, mapped through sysfs without any driver. */
#define _GNU_SOURCE
#include "mailbox.h"

#include "pci.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define IVSHMEM_VENDOR 0x1af4
#define IVSHMEM_DEVICE 0x1110
/* Kept free for frames that are not log text: at least this many bytes, and this part of a response. */
#define RESERVE 4096
#define RESERVED_PART 16
#define LEAST_RESPONSE (2 * RESERVE + sizeof(uint32_t))

static uint8_t *mailbox;
static uint64_t mailbox_size;
static volatile struct response_header *response;
static uint8_t *response_base;
static uint32_t capacity;

/* Line N of the device's `resource` file is BAR N: first and last guest-physical address. */
static int bar_range(const char *directory, uint64_t *first, uint64_t *last)
{
	char text[1024];
	char *line = text;

	if (pci_read(directory, "resource", text, sizeof(text)) != 0)
		return -1;
	for (int bar = 0; bar < 2; bar++) {
		line = strchr(line, '\n');
		if (!line)
			return -1;
		line++;
	}
	return sscanf(line, "%" SCNx64 " %" SCNx64, first, last) == 2 ? 0 : -1;
}

static int map_bar(const char *directory, uint64_t size)
{
	static const char *const names[] = { "resource2_wc", "resource2" };
	char path[512];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		void *memory;
		int fd;

		snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		close(fd);
		if (memory != MAP_FAILED) {
			mailbox = memory;
			mailbox_size = size;
			return 0;
		}
	}
	return -1;
}

uint64_t mailbox_open(void)
{
	char directory[PCI_PATH];
	uint64_t first = 0, last = 0;

	if (!pci_find(IVSHMEM_VENDOR, IVSHMEM_DEVICE, directory))
		return 0;
	if (pci_enable(directory) == 0 && bar_range(directory, &first, &last) == 0 && last > first + REQUEST_OFFSET + LEAST_RESPONSE &&
	    map_bar(directory, last - first + 1) == 0)
		return first;
	errno = ENODEV;
	return 0;
}

bool request_present(void)
{
	const volatile struct request_header *request = (const void *)(mailbox + REQUEST_HEADER);

	return request->magic == MAILBOX_MAGIC;
}

void heartbeat(void)
{
	volatile struct response_header *header = (volatile void *)(mailbox + RESPONSE_HEADER);

	header->beats++;
}

/* Where the request ends; REQUEST_OFFSET if there is no request, or one that leaves no room for a response. */
static uint64_t request_end(void)
{
	const struct request_header *request = (const void *)(mailbox + REQUEST_HEADER);
	uint64_t end = (uint64_t)REQUEST_OFFSET + request->length;
	bool fits = request->magic == MAILBOX_MAGIC && end + LEAST_RESPONSE <= mailbox_size;

	return fits ? end : REQUEST_OFFSET;
}

bool request_next(struct request_frame *frame)
{
	uint64_t end = request_end();
	uint64_t offset = REQUEST_OFFSET;
	struct frame_header header;

	if (frame->payload)
		offset = (uint64_t)((const uint8_t *)frame->payload - mailbox) + ((frame->length + 3u) & ~3u);
	if (offset + sizeof(header) > end)
		return false;
	memcpy(&header, mailbox + offset, sizeof(header));
	offset += sizeof(header);
	if (offset + header.length > end)
		return false;
	*frame = (struct request_frame){ header.type, header.length, mailbox + offset };
	return true;
}

bool request_find(uint32_t type, struct request_frame *frame)
{
	*frame = (struct request_frame){ 0 };
	while (request_next(frame))
		if (frame->type == type)
			return true;
	return false;
}

void response_resume(void)
{
	const struct request_header *request = (const void *)(mailbox + REQUEST_HEADER);
	uint64_t end = request_end();
	uint64_t offset = request->magic == MAILBOX_MAGIC ? request->response_offset : end;

	/* frame_close() writes the header as a struct, which needs its alignment. */
	if (offset < end || offset % sizeof(uint32_t) || offset + LEAST_RESPONSE > mailbox_size)
		offset = (end + 3u) & ~(uint64_t)3u;
	response = (volatile void *)(mailbox + RESPONSE_HEADER);
	response_base = mailbox + offset;
	capacity = (uint32_t)(mailbox_size - offset);
}

void response_begin(void)
{
	response_resume();
	response->length = 0;
	response->dropped = 0;
	response->complete = 0;
	response->open_frame = 0;
	response->magic = MAILBOX_MAGIC;
}

static uint32_t crc_of_response(void);

void response_end(void)
{
	response->crc = crc_of_response();
	response->complete = 1;
}

/* The bytes that log text may still take; other fields may also use the reserve. */
static size_t room(void)
{
	uint32_t reserve = capacity / RESERVED_PART > RESERVE ? capacity / RESERVED_PART : RESERVE;
	uint32_t limit = capacity - reserve;

	return response->length < limit ? limit - response->length : 0;
}

/* Whether a frame ends with text that may be cut. */
static bool is_log(uint32_t type)
{
	return type == FRAME_LOG || type == FRAME_VERIFIER_LOG || type == FRAME_CORE_RELOCATION;
}

void frame_open(uint32_t type)
{
	struct frame_header header = { .type = type, .length = 0 };
	/* The frames of many lines that do not fit would use up the reserve. */
	bool is_needless = is_log(type) && room() == 0;

	if (is_needless || response->length + sizeof(header) > capacity)
		return;
	memcpy(response_base + response->length, &header, sizeof(header));
	response->open_frame = response->length + 1;
	response->length += sizeof(header);
}

static void append(const void *bytes, size_t length)
{
	if (!response->open_frame || response->length + length > capacity)
		return;
	memcpy(response_base + response->length, bytes, length);
	response->length += (uint32_t)length;
}

void frame_u32(uint32_t value)
{
	append(&value, sizeof(value));
}

void frame_u64(uint64_t value)
{
	append(&value, sizeof(value));
}

void frame_string(const char *text)
{
	append(text ? text : "", strlen(text ? text : "") + 1);
}

void frame_bytes(const void *bytes, size_t length)
{
	size_t fits = length < room() ? length : room();

	append(bytes, fits);
	response->dropped += (uint32_t)(length - fits);
}

void frame_vprintf(const char *format, va_list arguments)
{
	size_t available = room();
	char *end = (char *)response_base + response->length;
	int length = vsnprintf(available ? end : NULL, available, format, arguments);

	if (length < 0)
		return;
	if ((size_t)length < available) {
		response->length += (uint32_t)length;
		return;
	}
	/* vsnprintf keeps the last byte of the room for its terminator. */
	if (available)
		response->length += (uint32_t)available - 1;
	response->dropped += (uint32_t)((size_t)length - (available ? available - 1 : 0));
}

void frame_copy(uint32_t type, const void *payload, size_t length)
{
	frame_open(type);
	if (is_log(type))
		frame_bytes(payload, length);
	else
		append(payload, length);
	frame_close();
}

void frame_close(void)
{
	uint32_t start = response->open_frame - 1;
	struct frame_header *header = (void *)(response_base + start);
	uint32_t padded = (response->length + 3u) & ~3u;

	if (!response->open_frame)
		return;
	header->length = response->length - start - (uint32_t)sizeof(*header);
	while (response->length < padded && response->length < capacity) {
		response_base[response->length] = 0;
		response->length++;
	}
	response->open_frame = 0;
}

uint32_t response_offset(void)
{
	return (uint32_t)(response_base - mailbox);
}

uint32_t response_length(void)
{
	return response->length;
}

uint32_t response_name_after(uint32_t since, const char *text, char *name, size_t size)
{
	uint32_t end = response->length;
	const char *start = (const char *)response_base;
	const char *found = since < end ? memmem(start + since, end - since, text, strlen(text)) : NULL;
	size_t left, length = 0;

	if (!found)
		return 0;
	found += strlen(text);
	left = (size_t)(start + end - found);
	while (length < left && (isalnum((unsigned char)found[length]) || found[length] == '_' || found[length] == '.'))
		length++;
	name[0] = '\0';
	if (length < size) {
		memcpy(name, found, length);
		name[length] = '\0';
	}
	return (uint32_t)(found + length - start);
}

void response_repeat(uint32_t from, uint32_t end)
{
	uint32_t length = end - from;

	if (length > room()) {
		response->dropped += length;
		return;
	}
	memcpy(response_base + response->length, response_base + from, length);
	response->length += length;
}

uint32_t response_crc(void)
{
	return response->crc;
}

static uint32_t crc_of_response(void)
{
	static uint32_t table[256];
	uint32_t crc = 0xffffffffu;
	uint32_t length = response->length;

	if (!table[1]) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t value = i;

			for (int bit = 0; bit < 8; bit++)
				value = (value >> 1) ^ ((value & 1) ? 0xedb88320u : 0);
			table[i] = value;
		}
	}
	for (uint32_t i = 0; i < length; i++)
		crc = table[(crc ^ response_base[i]) & 0xff] ^ (crc >> 8);
	return ~crc;
}

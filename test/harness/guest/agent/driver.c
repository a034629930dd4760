// SPDX-License-Identifier: Apache-2.0
#include "driver.h"

#include "../../../../harness/guest/agent/mailbox.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAILBOX_FILE "devices/mailbox/resource2"

static void write_at(int file, const uint8_t *bytes, size_t length, off_t offset)
{
	if (pwrite(file, bytes, length, offset) != (ssize_t)length)
		err(2, "write %s", MAILBOX_FILE);
}

void place_request(const uint8_t *bytes, uint32_t length)
{
	static uint64_t address;
	static int file = -1;
	static off_t size;
	size_t header = length < sizeof(struct request_header) ? length : sizeof(struct request_header);

	if (file < 0) {
		file = open(MAILBOX_FILE, O_RDWR | O_CLOEXEC);
		size = lseek(file, 0, SEEK_END);
		address = mailbox_open();
		if (file < 0 || address != 0x1000)
			err(2, "open the mailbox");
	}
	if ((off_t)length > size - REQUEST_OFFSET)
		length = (uint32_t)(size - REQUEST_OFFSET);
	/* Nothing of the previous request may remain. */
	if (ftruncate(file, 0) != 0 || ftruncate(file, size) != 0)
		err(2, "clear %s", MAILBOX_FILE);
	write_at(file, bytes, header, REQUEST_HEADER);
	if (length > header)
		write_at(file, bytes + header, length - header, REQUEST_OFFSET);
	response_begin();
}

int main(void)
{
	uint32_t length;

	while (fread(&length, sizeof(length), 1, stdin) == 1) {
		uint8_t *bytes = malloc(length);

		if (length && (!bytes || fread(bytes, length, 1, stdin) != 1))
			errx(2, "an input is cut off");
		handle(bytes, length);
		free(bytes);
		putchar('\n');
		fflush(stdout);
	}
	return 0;
}

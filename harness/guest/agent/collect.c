// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "collect.h"

#include "messages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

/* The mailbox must keep room for the kernel messages and the end of the response. */
#define MAX_COLLECTED (8 << 20)

/* Returns 0 if the descriptor is a regular file that can be sent, else an errno. */
static int unfit(int fd)
{
	struct stat facts;

	if (fstat(fd, &facts) != 0)
		return errno;
	if (!S_ISREG(facts.st_mode))
		return EINVAL;
	return facts.st_size > MAX_COLLECTED ? EFBIG : 0;
}

/* Stops at the limit, because the file may still grow. */
static void send_bytes(int fd)
{
	static char buffer[64 << 10];
	size_t left = MAX_COLLECTED;

	begin_collected(0);
	while (left > 0) {
		ssize_t length = read(fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer));

		if (length < 0 && errno == EINTR)
			continue;
		if (length <= 0)
			break;
		frame_bytes(buffer, (size_t)length);
		left -= (size_t)length;
	}
	frame_close();
}

void collect_file(void)
{
	struct request_frame request;
	struct collect_request wanted;
	int fd, error;

	if (!request_find(FRAME_COLLECT, &request))
		return;
	wanted = read_collect_request(payload_of(&request));
	/* Without O_NONBLOCK, a named pipe in place of the file would block the agent. */
	fd = open(wanted.path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	error = fd < 0 ? errno : unfit(fd);
	if (error) {
		begin_collected((uint32_t)error);
		frame_close();
	} else {
		send_bytes(fd);
	}
	if (fd >= 0)
		close(fd);
}

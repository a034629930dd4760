// SPDX-License-Identifier: Apache-2.0
/* A loader program that breaks the protocol, each way with another MODE. */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

static void send_frame(uint32_t type, uint32_t length, const char *payload, uint32_t sent)
{
	uint32_t header[2] = { type, length };

	if (write(1, header, sizeof(header)) < 0 || write(1, payload, sent) < 0)
		exit(1);
}

/* Reads the request up to its end, frame 97. */
static void read_request(void)
{
	static char payload[1 << 20];
	uint32_t header[2];

	while (read(0, header, sizeof(header)) == sizeof(header) && header[0] != 97)
		for (uint32_t left = (header[1] + 3) & ~3u; left;) {
			ssize_t count = read(0, payload, left < sizeof(payload) ? left : sizeof(payload));

			if (count <= 0)
				exit(1);
			left -= (uint32_t)count;
		}
}

int main(void)
{
	send_frame(96, 4, "1.0", 4);
	if (MODE == 0)
		read_request();
	switch (MODE) {
	case 0: /* a frame that only the agent may send */
		send_frame(22, 4, "\1\0\0", 4);
		break;
	case 1: /* a number that no frame has */
		send_frame(4711, 0, "", 0);
		break;
	case 2: /* a length that is not sane */
		send_frame(19, 0xfffffff0, "", 0);
		break;
	case 3: /* a crash within a frame */
		send_frame(19, 100, "half", 4);
		abort();
	}
	for (;;)
		pause();
}

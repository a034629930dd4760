// SPDX-License-Identifier: Apache-2.0
/* The bell is QEMU's isa-debugcon: the host receives each byte written to its port, without a driver in the guest. */
#define _GNU_SOURCE
#include "machine.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/io.h>
#include <unistd.h>

#define BELL_PORT 0xe9

static int port_file = -1;

const char *bell_open(void)
{
	if (ioperm(BELL_PORT, 1, 1) == 0)
		return NULL;
	/* For kernels without CONFIG_X86_IOPL_IOPERM. This is slower, but the bytes are few. */
	port_file = open("/dev/port", O_WRONLY | O_CLOEXEC);
	return port_file >= 0 ? NULL : "cannot write to a port (CONFIG_X86_IOPL_IOPERM or CONFIG_DEVPORT)";
}

void bell_ring(const char *text, int length)
{
	for (int i = 0; i < length; i++) {
		if (port_file < 0)
			outb((unsigned char)text[i], BELL_PORT);
		else if (pwrite(port_file, text + i, 1, BELL_PORT) != 1)
			return;
	}
}

void pause_briefly(void)
{
	__builtin_ia32_pause();
}

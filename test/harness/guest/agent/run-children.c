// SPDX-License-Identifier: Apache-2.0
/* Runs a child that does what an input says: `write` writes to shared and to own memory, `die` is killed, `exit` ends with status 3. */
#include "driver.h"

#include "../../../../harness/guest/agent/child.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int own = 1;
static int *shared;

static void work(const void *context)
{
	const char *word = context;

	if (strncmp(word, "die", 3) == 0)
		raise(SIGKILL);
	if (strncmp(word, "exit", 4) == 0)
		_exit(3);
	own++;
	++*shared;
}

void handle(const uint8_t *bytes, uint32_t length)
{
	char *text = strndup((const char *)bytes, length);
	bool has_child;

	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	fflush(stdout);
	has_child = in_child(work, text);
	free(text);
	printf("%s, own %d, shared %d", has_child ? "done" : "no child", own, *shared);
}

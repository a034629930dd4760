// SPDX-License-Identifier: Apache-2.0
/* Reads the modules and the object of each request, and prints them. The linker (--wrap) keeps modules from the kernel. */
#include "driver.h"

#include "../../../../harness/guest/agent/messages.h"
#include "../../../../harness/guest/agent/module.h"
#include "../../../../harness/guest/agent/requested_object.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

long __wrap_syscall(long number, const char *bytes, unsigned long length, const char *parameters);

/* A module that begins with "bad" is refused. */
long __wrap_syscall(long number, const char *bytes, unsigned long length, const char *parameters)
{
	uint32_t sum = 0;

	for (unsigned long i = 0; i < length; i++)
		sum += (unsigned char)bytes[i];
	printf("syscall %d of %lu bytes, sum %u, parameters '%s'; ", number == SYS_init_module, length, sum, parameters);
	errno = ENOEXEC;
	return length >= 3 && memcmp(bytes, "bad", 3) == 0 ? -1 : 0;
}

void handle(const uint8_t *bytes, uint32_t length)
{
	struct requested_object object;

	place_request(bytes, length);
	printf("%s; ", load_modules() ? "modules loaded" : "a module failed");
	if (read_requested_object(&object))
		printf("object %zu characters, %u bytes", strlen(object.name), object.elf.left);
	else
		printf("no object");
	response_end();
}

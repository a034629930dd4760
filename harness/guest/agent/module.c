// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "module.h"

#include "messages.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Returns 0, or a positive errno. */
static int load_module(const struct module_request *module)
{
	if (module->ko.left == 0)
		return EINVAL;
	if (syscall(SYS_init_module, module->ko.at, (unsigned long)module->ko.left, "") == 0 || errno == EEXIST)
		return 0;
	return errno;
}

bool load_modules(void)
{
	struct request_frame frame = { 0 };

	while (request_next(&frame)) {
		struct module_request module;
		int error;

		if (frame.type != FRAME_MODULE)
			continue;
		module = read_module_request(payload_of(&frame));
		error = load_module(&module);
		send_module_end((uint32_t)error, module.name);
		if (error)
			return false;
	}
	return true;
}

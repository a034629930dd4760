// SPDX-License-Identifier: Apache-2.0
/* Unpacks each input below ./root, and prints the return value. An input of one byte empties ./root. */
#define _GNU_SOURCE
#include "driver.h"

#include "../../../../harness/guest/agent/archive.h"

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status, (void)type;
	return place->level == 0 ? 0 : remove(path);
}

void handle(const uint8_t *bytes, uint32_t length)
{
	if (length == 1)
		printf("%d", nftw("root", remove_one, 16, FTW_DEPTH | FTW_PHYS));
	else
		printf("%d", unpack_archive(bytes, length, "root"));
}

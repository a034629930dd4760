// SPDX-License-Identifier: Apache-2.0
/* `unpack FOLDER` unpacks the archive on standard input with the reader of the guest helper, and prints what that returns. */
#include "../../../../harness/guest/agent/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **words)
{
	static uint8_t buffer[1 << 20];
	size_t length = fread(buffer, 1, sizeof(buffer), stdin);
	uint8_t *exact = malloc(length ? length : 1);

	if (count != 2 || !exact)
		return 1;
	/* Of exactly this size, so that the sanitizer sees every byte read beyond. */
	memcpy(exact, buffer, length);
	printf("%d\n", unpack_archive(exact, (uint32_t)length, words[1]));
	free(exact);
	return 0;
}

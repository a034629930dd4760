// SPDX-License-Identifier: Apache-2.0
/* Searches lists of symbols. Each input is a function, a list like kallsyms and a list of traced functions, separated by zero bytes. */
#define _GNU_SOURCE
#include "driver.h"

#include "../../../../harness/guest/agent/symbol_lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_list(const char *text, size_t length)
{
	/* fmemopen() refuses an empty buffer. */
	return length ? fmemopen((void *)(uintptr_t)text, length, "r") : fopen("/dev/null", "r");
}

void handle(const uint8_t *bytes, uint32_t length)
{
	static const char *const words[] = { "missing", "variant", "init", "found" };
	char *copy = calloc(1, length + 3u);
	char variant[SYMBOL_SIZE];
	const char *symbols, *traced;
	enum symbol_match match;
	FILE *list;
	bool listed;

	if (!copy)
		abort();
	memcpy(copy, bytes, length);
	symbols = copy + strlen(copy) + 1;
	traced = symbols + strlen(symbols) + 1;
	list = open_list(symbols, strlen(symbols));
	match = find_function(list, copy, variant);
	fclose(list);
	list = open_list(traced, strlen(traced));
	listed = lists_function(list, copy);
	fclose(list);
	printf("%s%s%s, %s", words[match], match == SYMBOL_VARIANT ? " " : "", variant, listed ? "traced" : "not traced");
	free(copy);
}

// SPDX-License-Identifier: Apache-2.0
#include "symbol_lists.h"

#include <stdlib.h>
#include <string.h>

/* What the compiler appends to the name of a function that it changed. */
static const char *const suffixes[] = { ".isra.", ".constprop.", ".part.", ".llvm." };
#define COLD ".cold"

/* A line is cut to this size, and its rest is skipped. */
#define LINE_SIZE (SYMBOL_SIZE + 128)

/* Reads the next line without its end. Returns false after the last one. */
static bool next_line(FILE *list, char line[LINE_SIZE])
{
	size_t length;

	if (!fgets(line, LINE_SIZE, list))
		return false;
	length = strlen(line);
	if (length && line[length - 1] == '\n') {
		line[length - 1] = '\0';
		return true;
	}
	for (int next = fgetc(list); next != EOF && next != '\n';)
		next = fgetc(list);
	return true;
}

/* Ends the word at the first blank. */
static char *cut_word(char *word)
{
	word[strcspn(word, " \t")] = '\0';
	return word;
}

/* The name in a line `ADDRESS TYPE NAME [MODULE]` whose type is that of a function; NULL for any other line. */
static char *function_in(char *line)
{
	char *type = strchr(line, ' ');

	if (!type || !type[1] || !strchr("tTwW", type[1]) || type[2] != ' ')
		return NULL;
	return cut_word(type + 3);
}

static bool begins_with(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static bool has_suffix(const char *rest)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (begins_with(rest, suffixes[i]))
			return true;
	return false;
}

#define PLACES 16

/* What a list says about the place of a function: symbol-places.ts knows the same. */
struct search {
	/* Whether the code of the kernel itself has ended. */
	bool past_text;
	unsigned long long init_begin, init_end;
	/* The addresses of symbols of this name after the code of the kernel. */
	unsigned long long later[PLACES];
	size_t count;
};

static bool is_line_of(const char *line, const char *name)
{
	const char *type = strchr(line, ' ');

	return type && type[1] && type[2] == ' ' && strcmp(type + 3, name) == 0;
}

static void note_place(struct search *search, const char *line)
{
	if (is_line_of(line, "_etext"))
		search->past_text = true;
	else if (is_line_of(line, "__init_begin"))
		search->init_begin = strtoull(line, NULL, 16);
	else if (is_line_of(line, "__init_end"))
		search->init_end = strtoull(line, NULL, 16);
}

static bool is_in_init(const struct search *search)
{
	for (size_t i = 0; i < search->count; i++)
		if (search->later[i] >= search->init_begin && search->later[i] < search->init_end)
			return true;
	return false;
}

enum symbol_match find_function(FILE *symbols, const char *function, char variant[SYMBOL_SIZE])
{
	struct search search = { 0 };
	size_t length = strlen(function);
	bool is_cold = false;
	char line[LINE_SIZE];

	variant[0] = '\0';
	while (next_line(symbols, line)) {
		bool in_module = strchr(line, '[') != NULL;
		const char *name;
		bool cold;

		note_place(&search, line);
		name = function_in(line);
		if (!name || strncmp(name, function, length) != 0 || strlen(name) >= SYMBOL_SIZE)
			continue;
		if (name[length] == '\0') {
			if (in_module || !search.past_text)
				return SYMBOL_FOUND;
			if (search.count < PLACES)
				search.later[search.count++] = strtoull(line, NULL, 16);
			continue;
		}
		cold = strstr(name + length, COLD) != NULL;
		if (!has_suffix(name + length) && !begins_with(name + length, COLD))
			continue;
		if (!variant[0] || (is_cold && !cold)) {
			strcpy(variant, name);
			is_cold = cold;
		}
	}
	if (is_in_init(&search))
		return SYMBOL_INIT;
	return variant[0] ? SYMBOL_VARIANT : SYMBOL_MISSING;
}

bool has_alias(FILE *symbols, const char *function, alias_test test)
{
	unsigned long long address = 0;
	char line[LINE_SIZE];

	while (address == 0 && next_line(symbols, line)) {
		const char *name = function_in(line);

		if (name && strcmp(name, function) == 0)
			address = strtoull(line, NULL, 16);
	}
	if (address == 0)
		return false;
	rewind(symbols);
	while (next_line(symbols, line)) {
		const char *name = function_in(line);

		if (name && strtoull(line, NULL, 16) == address && strcmp(name, function) != 0 && test(name))
			return true;
	}
	return false;
}

bool lists_function(FILE *functions, const char *function)
{
	char line[LINE_SIZE];

	while (next_line(functions, line))
		if (strcmp(cut_word(line), function) == 0)
			return true;
	return false;
}

// SPDX-License-Identifier: Apache-2.0
#include "traceable.h"

#include "messages.h"
#include "symbol_lists.h"

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define SYMBOLS "/proc/kallsyms"
#define TRACED "/sys/kernel/tracing/available_filter_functions"
/* A message of the verifier: bpf_check_attach_target() in verifier.c. */
#define NO_ADDRESS "The address of function "
/*
 * What libbpf and the verifier print before the name of a function that a program was not attached to: perf_event_kprobe_open_legacy(),
 * attach_kprobe_opts() and libbpf_find_attach_btf_id() in libbpf.c.
 */
static const char *const before_function[] = {
	NO_ADDRESS, "failed to create kprobe '", "failed to create kretprobe '", "legacy kprobe event for '", "BTF type ID of '",
};
/* The functions whose answers are kept; no answer is given for more. */
#define KNOWN 64
#define NAME_SIZE 128

enum listed {
	NOT_LISTED,
	LISTED,
	NO_LIST,
};

static enum listed listed_as_traced(const char *function)
{
	FILE *functions = fopen(TRACED, "re");
	bool found;

	if (!functions)
		return NO_LIST;
	found = lists_function(functions, function);
	fclose(functions);
	return found ? LISTED : NOT_LISTED;
}

static bool is_listed(const char *function)
{
	return listed_as_traced(function) == LISTED;
}

/* Asks without the messages of libbpf, which would be taken for those of a load. */
static bool is_in_btf(const char *function)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	bool found = libbpf_find_vmlinux_btf_id(function, BPF_TRACE_FENTRY) > 0;

	libbpf_set_print(print);
	return found;
}

static enum target_state state_of(const char *function, char variant[SYMBOL_SIZE])
{
	enum listed traced = listed_as_traced(function);
	enum symbol_match match;
	FILE *symbols;

	variant[0] = '\0';
	if (traced == LISTED)
		return TARGET_TRACEABLE;
	symbols = fopen(SYMBOLS, "re");
	if (!symbols)
		return TARGET_UNKNOWN;
	match = find_function(symbols, function, variant);
	rewind(symbols);
	/* Of several names of a function, the kernel lists one as traced. */
	if (match == SYMBOL_FOUND && traced == NOT_LISTED && has_alias(symbols, function, is_listed))
		traced = LISTED;
	fclose(symbols);
	if (match == SYMBOL_VARIANT)
		return TARGET_VARIANT;
	if (match == SYMBOL_INIT)
		return TARGET_INIT;
	if (match == SYMBOL_MISSING)
		return is_in_btf(function) ? TARGET_INLINED : TARGET_ABSENT;
	if (traced == LISTED)
		return TARGET_TRACEABLE;
	return traced == NO_LIST ? TARGET_UNKNOWN : TARGET_NOTRACE;
}

/* What was found out about a function before. */
static const struct answer {
	char function[NAME_SIZE];
	char variant[SYMBOL_SIZE];
	enum target_state state;
} * answer_for(const char *function)
{
	static struct answer known[KNOWN];
	static size_t count;

	for (size_t i = 0; i < count; i++)
		if (strcmp(known[i].function, function) == 0)
			return &known[i];
	if (count == KNOWN || strlen(function) >= NAME_SIZE)
		return NULL;
	strcpy(known[count].function, function);
	known[count].state = state_of(function, known[count].variant);
	return &known[count++];
}

enum target_state target_state_of(const char *function)
{
	const struct answer *answer = answer_for(function);

	return answer ? answer->state : TARGET_UNKNOWN;
}

void report_target(const char *program, const char *function)
{
	const struct answer *answer = answer_for(function);

	if (answer)
		send_target(answer->state, program, function, answer->variant);
}

void report_function_without_address(uint32_t since)
{
	char function[SYMBOL_SIZE];

	if (response_name_after(since, NO_ADDRESS, function, sizeof(function)) && function[0])
		report_target("", function);
}

void report_functions_in_output(uint32_t since)
{
	/* Found once all are known, because each report makes the response longer. */
	static char named[KNOWN][NAME_SIZE];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(before_function) / sizeof(before_function[0]); i++)
		for (uint32_t at = since; count < KNOWN; count += named[count][0] != '\0') {
			at = response_name_after(at, before_function[i], named[count], sizeof(named[count]));
			if (!at)
				break;
		}
	for (size_t i = 0; i < count; i++)
		report_target("", named[i]);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Searching the kernel's lists of symbols and of functions that can be traced. */
#ifndef COREMATRIX_SYMBOL_LISTS_H
#define COREMATRIX_SYMBOL_LISTS_H

#include <stdbool.h>
#include <stdio.h>

/* No symbol of a kernel is longer: KSYM_NAME_LEN. */
#define SYMBOL_SIZE 512

enum symbol_match {
	SYMBOL_MISSING,
	/* Only a name that the compiler made from it, such as `f.isra.0`. */
	SYMBOL_VARIANT,
	/* In memory that the kernel frees after it booted. */
	SYMBOL_INIT,
	SYMBOL_FOUND,
};

/*
 * Searches a list like /proc/kallsyms (`ADDRESS TYPE NAME [MODULE]`, in the order of addresses) for a function. A variable may have the
 * type of a function. Copies the variant of the function, which is the empty string if the list has none. A part that the compiler split
 * off
 * (`.cold`) counts only if there is no other variant.
 */
enum symbol_match find_function(FILE *symbols, const char *function, char variant[SYMBOL_SIZE]);

typedef bool (*alias_test)(const char *name);

/* Whether a test is true of another name at the address of the first function with this name. The list is that of kallsyms. */
bool has_alias(FILE *symbols, const char *function, alias_test test);

/* Whether a list like available_filter_functions (`NAME [MODULE]`) has the function. */
bool lists_function(FILE *functions, const char *function);

#endif

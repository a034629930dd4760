/* SPDX-License-Identifier: Apache-2.0 */
/* Functions for libbpf_set_print(), which decide what libbpf prints into the response. */
#ifndef COREMATRIX_LIBBPF_LOG_H
#define COREMATRIX_LIBBPF_LOG_H

#include <bpf/libbpf.h>
#include <stdarg.h>

/* Keeps every message. */
int keep_log(enum libbpf_print_level level, const char *format, va_list arguments);

/* How many warnings of libbpf the log has so far. */
unsigned long kept_warnings(void);

/* Keeps no message. */
int keep_quiet(enum libbpf_print_level level, const char *format, va_list arguments);

/* Keeps warnings and information, no debug messages. */
int keep_notices(enum libbpf_print_level level, const char *format, va_list arguments);

/* Leaves out the messages that libbpf prints for every other program while it loads one. */
int keep_own_log(enum libbpf_print_level level, const char *format, va_list arguments);

/* Writes into the log that messages are left out, and where they are. */
void say_lines_are_left_out(void);

#endif

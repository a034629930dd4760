// SPDX-License-Identifier: Apache-2.0
/*
 * If the verifier gives up after a million instructions, its log has hundreds of megabytes. On ENOSPC libbpf doubles its buffer and lets
 * the kernel verify again, until the guest runs out of memory or time. The function here returns the reason of the failure and the end of
 * the log instead. The linker (--wrap) replaces libbpf's function by it.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The size of libbpf's first buffer (BPF_LOG_BUF_SIZE in libbpf.c). A log that does not fit is too long to read. */
#define LONG_LOG (16 << 20)
/* The parts of a long log that are kept: the end of the first buffer, and the last messages of a second load. */
#define KEPT (1 << 20)
#define LAST_WORDS (64 << 10)
/* BPF_LOG_STATS in the kernel's bpf_verifier.h: only errors and statistics, no instructions. */
#define LOG_STATS 4

int __real_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license, const struct bpf_insn *insns, size_t count,
                         struct bpf_prog_load_opts *options);
int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license, const struct bpf_insn *insns, size_t count,
                         struct bpf_prog_load_opts *options);

/* Keeps the end of the log in the buffer and appends the last messages. */
static void shorten(char *log, size_t size, const char *last_words)
{
	size_t length = strnlen(log, size - 1);
	size_t dropped = length > KEPT ? length - KEPT : 0;

	memmove(log, log + dropped, length - dropped);
	length -= dropped;
	snprintf(log + length, size - length, "\n[corematrix: a log of more than %d MiB is cut here]\n%s", LONG_LOG >> 20, last_words);
}

int __wrap_bpf_prog_load(enum bpf_prog_type type, const char *name, const char *license, const struct bpf_insn *insns, size_t count,
                         struct bpf_prog_load_opts *options)
{
	struct bpf_prog_load_opts brief = { 0 };
	int fd = __real_bpf_prog_load(type, name, license, insns, count, options);
	int error = errno;
	char *last_words;

	if (fd >= 0 || error != ENOSPC || !options || !options->log_buf || options->log_size < LONG_LOG)
		return fd;
	last_words = calloc(1, LAST_WORDS);
	if (last_words) {
		memcpy(&brief, options, options->sz < sizeof(brief) ? options->sz : sizeof(brief));
		brief.sz = sizeof(brief);
		brief.log_level = LOG_STATS;
		brief.log_buf = last_words;
		brief.log_size = LAST_WORDS;
		fd = __real_bpf_prog_load(type, name, license, insns, count, &brief);
		error = errno;
		shorten(options->log_buf, options->log_size, last_words);
	}
	free(last_words);
	errno = error;
	return fd;
}

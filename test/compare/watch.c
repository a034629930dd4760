// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a BPF tool until it waits for events, prints the programs that it has loaded, and ends it.
 * usage: watch PROGRAM [ARGUMENT...]
 * Prints a line `program NAME` for each program. Exit status: 0 if the tool is still running when it has become quiet, otherwise its own.
 */
#define _GNU_SOURCE
#include <linux/bpf.h>
#include <linux/btf.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEP_US 100000
/* A tool is quiet if it has programs, but no new ones for QUIET_STEPS steps, and used at most QUIET_TICKS of processor time in these. */
#define QUIET_STEPS 20
#define QUIET_TICKS 6
#define MOST_STEPS 400
#define NOT_STARTED 127

static long bpf(enum bpf_cmd command, union bpf_attr *attributes)
{
	return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int read_info(int fd, void *info, uint32_t size)
{
	union bpf_attr attributes = { .info = { .bpf_fd = (uint32_t)fd, .info_len = size, .info = (uintptr_t)info } };

	return (int)bpf(BPF_OBJ_GET_INFO_BY_FD, &attributes);
}

/* The bytes behind the header of a type. */
static size_t size_of_rest(uint32_t info)
{
	uint32_t count = BTF_INFO_VLEN(info);

	switch (BTF_INFO_KIND(info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return count * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return count * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return count * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
	case BTF_KIND_ENUM64:
		return count * 12;
	default:
		return 0;
	}
}

static const char *name_in(const char *btf, uint32_t wanted)
{
	const struct btf_header *header = (const void *)btf;
	const char *at = btf + header->hdr_len + header->type_off;
	const char *end = at + header->type_len;

	for (uint32_t id = 1; at < end; id++) {
		const struct btf_type *type = (const void *)at;

		if (id == wanted)
			return btf + header->hdr_len + header->str_off + type->name_off;
		at += sizeof(*type) + size_of_rest(type->info);
	}
	return NULL;
}

/* The name of a program's function in its BTF. The kernel keeps only 15 characters of the name of a program. */
static char *whole_name(int program)
{
	struct bpf_func_info functions[1] = { 0 };
	struct bpf_prog_info info = { .func_info_rec_size = sizeof(functions[0]) };
	struct bpf_btf_info btf = { 0 };
	union bpf_attr attributes = { 0 };
	char *bytes = NULL, *name = NULL;
	const char *found;
	int fd;

	/* The first function is that of the program. */
	info.nr_func_info = 1;
	info.func_info = (uintptr_t)functions;
	if (read_info(program, &info, sizeof(info)) != 0)
		return NULL;
	attributes.btf_id = info.btf_id;
	fd = info.btf_id ? (int)bpf(BPF_BTF_GET_FD_BY_ID, &attributes) : -1;
	if (fd >= 0 && read_info(fd, &btf, sizeof(btf)) == 0)
		bytes = calloc(1, btf.btf_size);
	if (bytes) {
		btf = (struct bpf_btf_info){ .btf = (uintptr_t)bytes, .btf_size = btf.btf_size };
		found = read_info(fd, &btf, sizeof(btf)) == 0 ? name_in(bytes, functions[0].type_id) : NULL;
		name = found ? strdup(found) : NULL;
	}
	free(bytes);
	if (fd >= 0)
		close(fd);
	return name ? name : strdup(info.name);
}

/* The id of the next program after `id`; 0 if there is none. */
static uint32_t next_program(uint32_t id)
{
	union bpf_attr attributes = { .start_id = id };

	return bpf(BPF_PROG_GET_NEXT_ID, &attributes) == 0 ? attributes.next_id : 0;
}

/* The last program, which is newer than all others. */
static uint32_t last_program(void)
{
	uint32_t last = 0;

	for (uint32_t id = next_program(0); id; id = next_program(id))
		last = id;
	return last;
}

static void print_programs(uint32_t last_before)
{
	for (uint32_t id = next_program(last_before); id; id = next_program(id)) {
		union bpf_attr attributes = { .prog_id = id };
		int fd = (int)bpf(BPF_PROG_GET_FD_BY_ID, &attributes);
		char *name = fd >= 0 ? whole_name(fd) : NULL;

		if (name)
			printf("program %s\n", name);
		free(name);
		if (fd >= 0)
			close(fd);
	}
	fflush(stdout);
}

/* Processor time of a process, in ticks. */
static unsigned long ticks_of(pid_t child)
{
	unsigned long user = 0, kernel = 0;
	char path[64], line[1024];
	const char *rest;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	file = fopen(path, "re");
	if (!file)
		return 0;
	rest = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	if (!rest || sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel) != 2)
		return 0;
	return user + kernel;
}

/* Waits until the tool is quiet or has ended. Returns whether it is still running; otherwise `status` is that of its end. */
static bool wait_until_quiet(pid_t child, uint32_t last_before, int *status)
{
	unsigned long seen[QUIET_STEPS] = { 0 };
	uint32_t last = last_before;
	size_t since = 0;

	for (size_t step = 0; step < MOST_STEPS; step++) {
		unsigned long ticks = ticks_of(child);
		uint32_t newest = last_program();
		size_t slot = step % QUIET_STEPS;

		if (waitpid(child, status, WNOHANG) == child)
			return false;
		if (newest != last)
			since = step;
		last = newest;
		if (last != last_before && step >= since + QUIET_STEPS && ticks - seen[slot] <= QUIET_TICKS)
			return true;
		seen[slot] = ticks;
		usleep(STEP_US);
	}
	return true;
}

static void end(pid_t child)
{
	int status;

	kill(child, SIGINT);
	for (size_t step = 0; step < QUIET_STEPS; step++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return;
		usleep(STEP_US);
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
}

int main(int count, char **words)
{
	uint32_t last = last_program();
	int status = 0;
	pid_t child;

	if (count < 2)
		return NOT_STARTED;
	child = fork();
	if (child == 0) {
		/* Events can fill any limit of output. */
		if (!freopen("/dev/null", "w", stdout))
			_exit(NOT_STARTED);
		/* A tool that watches files would see itself read the time zone for each event. */
		setenv("TZ", "UTC0", 1);
		execv(words[1], words + 1);
		fprintf(stderr, "%s: %s\n", words[1], strerror(errno));
		_exit(NOT_STARTED);
	}
	if (child < 0)
		return NOT_STARTED;
	if (!wait_until_quiet(child, last, &status)) {
		printf("ended early\n");
		return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
	}
	print_programs(last);
	end(child);
	return 0;
}

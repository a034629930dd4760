// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "trigger.h"

#include "attach.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPENED "/tmp/opened"
#define WRITTEN "/tmp/written"
/* A disk in memory, which exists where the brd driver is built into the kernel. */
#define DISK "/dev/ram0"
#define BLOCK 4096
#define SPIN_NS 100000000

static int open_file(void)
{
	char byte = 0;
	int error = 0;
	int fd = open(OPENED, O_CREAT | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	if (write(fd, &byte, 1) != 1 || pread(fd, &byte, 1, 0) != 1)
		error = -errno;
	close(fd);
	if (unlink(OPENED) != 0 && !error)
		error = -errno;
	return error;
}

static int fork_and_exec(void)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return -errno;
	if (child == 0) {
		execl(AGENT_PATH, AGENT_PATH, AGENT_EXITS, NULL);
		_exit(errno < 128 ? errno : EINVAL);
	}
	if (waitpid(child, &status, 0) < 0)
		return -errno;
	if (WIFEXITED(status))
		return -WEXITSTATUS(status);
	return -ECHILD;
}

/* Connects to the listener and sends one byte over the connection. */
static int converse(int listener)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int client = -1, server = -1, error = 0;
	char byte = 0;

	if (bind(listener, (struct sockaddr *)&address, length) != 0 || listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0)
		return -errno;
	client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client < 0 || connect(client, (struct sockaddr *)&address, length) != 0)
		error = -errno;
	else if ((server = accept(listener, NULL, NULL)) < 0 || write(client, &byte, 1) != 1 || read(server, &byte, 1) != 1)
		error = -errno;
	if (client >= 0)
		close(client);
	if (server >= 0)
		close(server);
	return error;
}

static int connect_to_ourselves(void)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error;

	if (listener < 0)
		return -errno;
	error = converse(listener);
	close(listener);
	return error;
}

static int write_block(const char *path, int flags)
{
	static const char block[BLOCK];
	int error = 0;
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags, 0600);

	if (fd < 0)
		return -errno;
	if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block) || fsync(fd) != 0)
		error = -errno;
	close(fd);
	return error;
}

static int write_file(void)
{
	int error = write_block(WRITTEN, O_CREAT | O_TRUNC);

	unlink(WRITTEN);
	if (!error && access(DISK, W_OK) == 0)
		error = write_block(DISK, 0);
	return error;
}

static int spin(void)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000000000LL + (now.tv_nsec - start.tv_nsec) < SPIN_NS);
	return 0;
}

static const struct {
	const char *name;
	int (*pull)(void);
} triggers[] = {
	{ "open", open_file },   { "exec", fork_and_exec }, { "connect", connect_to_ourselves },
	{ "write", write_file }, { "spin", spin },          { TRIGGER_ITERATE, read_iterators },
};

int pull_trigger(const char *name)
{
	for (size_t i = 0; i < sizeof(triggers) / sizeof(triggers[0]); i++)
		if (strcmp(name, triggers[i].name) == 0)
			return triggers[i].pull();
	return -EINVAL;
}

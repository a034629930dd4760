// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "loader_program.h"

#include "loader_targets.h"
#include "messages.h"
#include "network.h"
#include "run_check.h"
#include "supported.h"
#include "trigger_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The default of the sysctl fs.nr_open. A large object needs a descriptor for each of its programs and maps. */
#define MOST_DESCRIPTORS (1 << 20)
/* No frame of a healthy loader is longer: the longest is a verifier log, which the loader cuts to a part of this. */
#define MOST_PAYLOAD (32u << 20)
#define MOST_VERSION 64

static struct {
	pid_t pid;
	int to, from; /* the pipes */
	char *payload;
	size_t size; /* of the memory at `payload` */
	char version[MOST_VERSION];
} loader = { .to = -1, .from = -1 };

bool has_loader_program(void)
{
	return access(LOADER_PATH, X_OK) == 0;
}

/* Runs in the child and never returns. */
static void execute(int in, int out)
{
	static const struct rlimit most = { .rlim_cur = MOST_DESCRIPTORS, .rlim_max = MOST_DESCRIPTORS };
	static char *const words[] = { LOADER_PATH, NULL };
	static char *const environment[] = { "PATH=/", NULL };
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setrlimit(RLIMIT_NOFILE, &most);
	if (dup2(in, 0) >= 0 && dup2(out, 1) >= 0)
		execve(LOADER_PATH, words, environment);
	_exit(127);
}

static bool read_all(void *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		ssize_t count = read(loader.from, (char *)bytes + at, length - at);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		at += (size_t)count;
	}
	return true;
}

static bool write_all(const void *bytes, size_t length)
{
	for (size_t at = 0; at < length;) {
		ssize_t count = write(loader.to, (const char *)bytes + at, length - at);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return false;
		at += (size_t)count;
	}
	return true;
}

static bool write_frame(uint32_t type, const void *payload, uint32_t length)
{
	static const char padding[3];
	struct frame_header header = { .type = type, .length = length };

	return write_all(&header, sizeof(header)) && write_all(payload, length) && write_all(padding, -length & 3u);
}

/* Makes room for a payload. Returns false for a payload that no healthy loader sends. */
static bool grow(size_t length)
{
	char *larger;

	if (length > MOST_PAYLOAD)
		return false;
	if (length <= loader.size)
		return true;
	larger = realloc(loader.payload, length);
	if (!larger)
		return false;
	loader.payload = larger;
	loader.size = length;
	return true;
}

/* Reads the next frame; its payload is in `loader.payload`. Returns false at the end of the pipe, and for a length that is not sane. */
static bool read_frame(struct frame_header *header)
{
	char padding[3];

	return read_all(header, sizeof(*header)) && grow(header->length) && read_all(loader.payload, header->length) &&
	       read_all(padding, -header->length & 3u);
}

const char *start_loader_program(void)
{
	struct frame_header header;
	int in[2], out[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
		return NULL;
	loader.pid = fork();
	if (loader.pid == 0)
		execute(in[0], out[1]);
	close(in[0]);
	close(out[1]);
	loader.to = in[1];
	loader.from = out[0];
	errno = EPROTO;
	if (loader.pid < 0 || !read_frame(&header) || header.type != CONTROL_READY || header.length == 0 || header.length > MOST_VERSION)
		return NULL;
	memcpy(loader.version, loader.payload, header.length);
	loader.version[header.length - 1] = '\0';
	return loader.version;
}

static bool pass_request(void)
{
	struct request_frame frame = { 0 };

	while (request_next(&frame))
		if (!write_frame(frame.type, frame.payload, frame.length))
			return false;
	return write_frame(CONTROL_END, NULL, 0);
}

static bool answer(uint32_t type, uint32_t value)
{
	return write_frame(type, &value, sizeof(value));
}

/* Handles one frame that is not the last. Returns false if the loader breaks the protocol. */
static bool take_frame(const struct frame_header *header)
{
	struct payload payload = { .at = loader.payload, .left = header->length };

	if (header->type == CONTROL_TRIGGERS) {
		pull_triggers_of_request();
		return write_frame(CONTROL_CONTINUE, NULL, 0);
	}
	if (header->type == CONTROL_FIND_TARGET)
		return answer(CONTROL_TARGET_FOUND, find_target(payload));
	if (header->type == CONTROL_FIND_TYPE)
		return answer(CONTROL_TYPE_FOUND, knows_program_type(payload_string(&payload)));
	if (!comes_from_loader(header->type))
		return false;
	frame_copy(header->type, loader.payload, header->length);
	note_loader_frame(header->type, payload);
	return true;
}

/* Takes frames until the loader has finished. Returns false if it dies or breaks the protocol. */
static bool take_report(void)
{
	struct frame_header header;

	while (read_frame(&header)) {
		if (header.type == CONTROL_FINISHED)
			return true;
		if (!take_frame(&header))
			return false;
	}
	return false;
}

void load_with_program(void)
{
	struct request_frame attach;
	int status = 0;

	unpack_trigger_files();
	if (request_find(FRAME_ATTACH, &attach))
		bring_loopback_up();
	if (pass_request() && take_report())
		return;
	/* Ends a loader that breaks the protocol like one that crashes. One that is dead keeps its own status. */
	kill(loader.pid, SIGABRT);
	if (waitpid(loader.pid, &status, 0) == loader.pid)
		send_crash((uint32_t)status);
}

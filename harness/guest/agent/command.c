// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "command.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MS 1000000u
#define LOOK_MS 20
/* Output beyond this is counted and thrown away, because the mailbox must keep room for the end of the response. */
#define MAX_OUTPUT (16u << 20)
#define MAX_WORDS 1024u
/* The file with the standard input of an executable, if the host sent one. */
#define INPUT "/exec/stdin"

struct output {
	int fds[2]; /* read ends of stdout and stderr; -1 once at their end */
	uint64_t kept, dropped;
};

static void free_strings(char **strings)
{
	for (char **next = strings; next && *next; next++)
		free(*next);
	free(strings);
}

/* Copies of strings, with NULL at their end; NULL when the list is cut off or too long. */
static char **copy_strings(struct string_list list)
{
	bool fits = list.strings.at && list.count <= MAX_WORDS;
	char **strings = fits ? calloc(list.count + 1, sizeof(*strings)) : NULL;

	for (uint32_t i = 0; strings && i < list.count; i++) {
		strings[i] = strdup(payload_string(&list.strings));
		if (!strings[i]) {
			free_strings(strings);
			return NULL;
		}
	}
	return strings;
}

bool prepare_command(const struct command_request *request, struct command *command)
{
	if (request->argv.count == 0)
		return false;
	command->timeout_ms = request->timeout_ms;
	command->folder = request->folder;
	command->words = copy_strings(request->argv);
	command->environment = command->words ? copy_strings(request->env) : NULL;
	if (!command->environment)
		free_strings(command->words);
	return command->environment != NULL;
}

void free_command(struct command *command)
{
	free_strings(command->words);
	free_strings(command->environment);
}

/* Runs in the child and never returns. If the command cannot start, its errno goes into the pipe `failure`. */
static void start(const struct command *command, int out, int err, int failure)
{
	int input = open(INPUT, O_RDONLY);
	sigset_t none;
	int error;

	if (input < 0)
		input = open("/dev/null", O_RDONLY);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	if (input >= 0 && dup2(input, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0 && chdir(command->folder) == 0)
		execve(command->words[0], command->words, command->environment);
	error = errno;
	if (write(failure, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Reads once from a pipe and closes the pipe at its end. */
static void take(struct output *output, int stream)
{
	static char buffer[64 << 10];
	ssize_t length = read(output->fds[stream], buffer, sizeof(buffer));

	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (length <= 0) {
		close(output->fds[stream]);
		output->fds[stream] = -1;
		return;
	}
	if (output->kept + (uint64_t)length > MAX_OUTPUT) {
		output->dropped += (uint64_t)length;
		return;
	}
	output->kept += (uint64_t)length;
	begin_output((uint32_t)stream + 1);
	frame_bytes(buffer, (size_t)length);
	frame_close();
}

static bool take_ready(struct output *output, int timeout)
{
	struct pollfd polled[2] = { { .fd = output->fds[0], .events = POLLIN }, { .fd = output->fds[1], .events = POLLIN } };
	int ready = poll(polled, 2, timeout);

	for (int stream = 0; ready > 0 && stream < 2; stream++)
		if (polled[stream].revents)
			take(output, stream);
	return ready > 0;
}

static struct command_result ended(enum command_end end, uint32_t value, uint64_t begin, uint64_t dropped)
{
	return (struct command_result){ end, value, now_ns() - begin, dropped };
}

/* Waits for the end of the command and reads its output meanwhile. Then kills all processes that it left behind. */
static struct command_result watch(pid_t child, const struct command *command, struct output *output, uint64_t begin)
{
	uint64_t deadline = begin + (uint64_t)command->timeout_ms * MS;
	bool late = false;
	int status = 0;

	while (waitpid(child, &status, WNOHANG) == 0) {
		take_ready(output, LOOK_MS);
		if (now_ns() < deadline)
			continue;
		late = true;
		kill(-child, SIGKILL);
		kill(child, SIGKILL);
		waitpid(child, &status, 0);
		break;
	}
	kill(-child, SIGKILL);
	while ((output->fds[0] >= 0 || output->fds[1] >= 0) && take_ready(output, 0))
		;
	if (late)
		return ended(COMMAND_TIMED_OUT, command->timeout_ms, begin, output->dropped);
	if (WIFSIGNALED(status))
		return ended(COMMAND_KILLED, (uint32_t)WTERMSIG(status), begin, output->dropped);
	return ended(COMMAND_EXITED, (uint32_t)WEXITSTATUS(status), begin, output->dropped);
}

struct command_result execute_command(const struct command *command)
{
	struct output output = { .fds = { -1, -1 } };
	int out[2], err[2], failure[2], error = 0;
	uint64_t begin = now_ns();
	pid_t child;

	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0 || pipe2(failure, O_CLOEXEC) != 0)
		return ended(COMMAND_NOT_STARTED, (uint32_t)errno, begin, 0);
	child = fork();
	if (child == 0)
		start(command, out[1], err[1], failure[1]);
	error = child < 0 ? errno : 0;
	close(out[1]);
	close(err[1]);
	close(failure[1]);
	/* When the command runs, the pipe closes without data. */
	if (child > 0 && read(failure[0], &error, sizeof(error)) == sizeof(error))
		waitpid(child, NULL, 0);
	close(failure[0]);
	output.fds[0] = out[0];
	output.fds[1] = err[0];
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	if (!error)
		return watch(child, command, &output, begin);
	close(out[0]);
	close(err[0]);
	return ended(COMMAND_NOT_STARTED, (uint32_t)error, begin, 0);
}

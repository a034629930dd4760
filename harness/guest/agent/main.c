// SPDX-License-Identifier: Apache-2.0
/* PID 1 of a corematrix guest: mounts the file systems that BPF objects need, reports that it is ready, and loads one object. */
#define _GNU_SOURCE
#include "clock.h"
#include "custom_loader.h"
#include "load.h"
#include "loader_program.h"
#include "machine.h"
#include "messages.h"
#include "module.h"
#include "requested_object.h"
#include "trigger.h"
#include "trigger_command.h"
#include "warm_up.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define HEAP_BYTES (32 << 20)
/* Exit statuses of the loading process. */
#define EXIT_BAD_REQUEST 1
#define EXIT_NO_MEMORY 2

static const struct {
	const char *type, *target;
} mounts[] = {
	{ "proc", "/proc" },
	{ "sysfs", "/sys" },
	{ "devtmpfs", "/dev" },
	{ "tracefs", "/sys/kernel/tracing" },
	{ "debugfs", "/sys/kernel/debug" },
	{ "bpf", "/sys/fs/bpf" },
	{ "cgroup2", "/sys/fs/cgroup" },
	{ "tmpfs", "/tmp" },
};

static int kernel_messages = -1;

static void mount_all(void)
{
	for (size_t i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].target, 0755);
		/* A kernel without one of these still gets a verdict. A program that needs the file system fails with its own message. */
		if (mount(mounts[i].type, mounts[i].target, mounts[i].type, 0, NULL) != 0)
			dprintf(2, "corematrix: mount %s: %s\n", mounts[i].target, strerror(errno));
	}
}

static void give_up(const char *what)
{
	dprintf(2, "corematrix: %s: %s\n", what, strerror(errno));
	sync();
	reboot(RB_POWER_OFF);
	exit(1);
}

/* One short line at most: bulk data goes through the mailbox. */
static void ring(const char *word, uint64_t address)
{
	char line[96];
	int length = snprintf(line, sizeof(line), "%s %llx %x %x %x\n", word, (unsigned long long)address, response_offset(),
	                      response_length(), response_crc());

	bell_ring(line, length);
}

/*
 * Waits for a request by polling the mailbox, not by sleeping in the kernel. A restored guest continues in this loop and sees the
 * request at once; otherwise QEMU would first have to translate the interrupt and scheduling code of the kernel.
 */
static void wait_for_request(void)
{
	while (!request_present())
		pause_briefly();
}

/* @param release: of the library that loads */
static void say_hello(uint64_t address, const char *release)
{
	struct utsname names;
	struct stat btf;
	uint64_t btf_size = stat(KERNEL_BTF, &btf) == 0 ? (uint64_t)btf.st_size : 0;

	uname(&names);
	response_begin();
	send_hello(names.release, names.version, names.machine, release, btf_size);
	send_uptime(now_ns());
	response_end();
	ring("ready", address);
}

static void write_kernel_messages(void)
{
	char record[8192];

	if (kernel_messages < 0)
		return;
	begin_kernel_log();
	for (;;) {
		ssize_t length = read(kernel_messages, record, sizeof(record));

		/* EPIPE: the kernel overwrote the next record. The next read continues with the oldest one. */
		if (length < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (length <= 0)
			break;
		frame_bytes(record, (size_t)length);
	}
	frame_close();
}

/* Ends every response with the messages of the kernel and the time that all of it took. */
static void finish(uint64_t address, uint64_t start)
{
	write_kernel_messages();
	send_end(now_ns() - start);
	response_end();
	ring("done", address);
}

static void watch_kernel_messages(void)
{
	kernel_messages = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kernel_messages >= 0)
		lseek(kernel_messages, 0, SEEK_END);
}

static int load_with_libbpf(void)
{
	struct requested_object object;
	void *copy;

	if (!read_requested_object(&object))
		return EXIT_BAD_REQUEST;
	/* The BAR is mapped uncached or write-combined: libbpf reads the ELF many times, so give it ordinary memory. */
	copy = malloc(object.elf.left ? object.elf.left : 1);
	if (!copy)
		return EXIT_NO_MEMORY;
	memcpy(copy, object.elf.at, object.elf.left);
	unpack_trigger_files();
	load_object(object.name, copy, object.elf.left);
	free(copy);
	return 0;
}

static int serve(uint64_t address, bool by_program)
{
	uint64_t start = now_ns();
	int status = 0;

	response_begin();
	if (load_modules() && !run_custom_loader()) {
		if (by_program)
			load_with_program();
		else
			status = load_with_libbpf();
	}
	if (status == 0)
		finish(address, start);
	return status;
}

/* Gets everything ready that needs no request. Returns the release of the library that loads. */
static const char *prepare(bool by_program)
{
	const char *release = libbpf_version_string();

	if (by_program) {
		release = start_loader_program();
		if (!release)
			give_up("start the loader program");
	} else {
		warm_up();
	}
	return release;
}

/*
 * The process that loads. It starts before the snapshot, so that no cell has to wait for its start. It never exits after a response. If
 * libbpf crashes on the bytes of the object, PID 1 reports the crash.
 */
static int work(uint64_t address)
{
	bool by_program = has_loader_program();
	int status = 0;

	/* Freed memory stays mapped, so that a restored guest has no page faults for it. */
	mallopt(M_MMAP_THRESHOLD, HEAP_BYTES);
	mallopt(M_TRIM_THRESHOLD, HEAP_BYTES);
	say_hello(address, prepare(by_program));
	wait_for_request();
	status = serve(address, by_program);
	if (status != 0)
		return status;
	/* The guest is done; the host ends it. */
	for (;;)
		pause();
}

static void report_crash(uint64_t address, int status)
{
	uint64_t start = now_ns();

	response_resume();
	/* Ends the frame that the dead process left open. */
	frame_close();
	send_crash((uint32_t)status);
	finish(address, start);
}

/*
 * Waits until the loading process dies; a healthy one never does. Sends a heartbeat every second, by which the host distinguishes a busy
 * guest from one that hangs.
 */
static int wait_for_end(pid_t worker)
{
	static const struct timespec second = { .tv_sec = 1 };
	int status = 0;
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	while (waitpid(worker, &status, WNOHANG) == 0) {
		sigtimedwait(&child, NULL, &second);
		heartbeat();
	}
	return status;
}

int main(int count, char **arguments)
{
	const char *trouble;
	uint64_t address;
	sigset_t child;
	pid_t worker;

	if (getpid() != 1 && count == 2 && strcmp(arguments[1], AGENT_EXITS) == 0)
		return 0;
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount_all();
	trouble = bell_open();
	if (trouble)
		give_up(trouble);
	address = mailbox_open();
	if (!address)
		give_up("find the mailbox device");
	watch_kernel_messages();
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	worker = fork();
	if (worker == 0)
		_exit(work(address));
	if (worker < 0)
		give_up("start the loading process");
	report_crash(address, wait_for_end(worker));
	for (;;)
		pause();
}

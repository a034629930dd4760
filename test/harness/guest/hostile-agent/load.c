// SPDX-License-Identifier: Apache-2.0
/*
 * The load.c of an agent that misbehaves. The name of the object decides how; with any other name the agent loads the object. Tests put
 * the real load.c beside it as really.h.
 */
#define load_object load_really
#include "really.h"
#undef load_object

#include "machine.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/reboot.h>
#include <unistd.h>

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0 && write(fd, text, strlen(text)) < 0)
		dprintf(2, "cannot write %s\n", path);
	if (fd >= 0)
		close(fd);
}

static void crash(void)
{
	raise(SIGSEGV);
}

/* Allocates more memory than the guest has, so that the kernel kills the largest process. */
static void take_all_memory(void)
{
	for (;;) {
		char *more = malloc(1 << 20);

		if (more)
			memset(more, 1, 1 << 20);
	}
}

static void wait_forever(void)
{
	for (;;)
		sleep(1);
}

static void panic(void)
{
	write_file("/proc/sysrq-trigger", "c");
	wait_forever();
}

/* From now on, no other process runs on the only processor. */
static void hang(void)
{
	struct sched_param highest = { .sched_priority = 99 };

	write_file("/proc/sys/kernel/sched_rt_runtime_us", "-1");
	sched_setscheduler(0, SCHED_FIFO, &highest);
	for (;;)
		;
}

static void say(const char *text)
{
	frame_open(FRAME_LOG);
	frame_u32(2);
	frame_bytes(text, strlen(text));
	frame_close();
}

static void begin(void)
{
	frame_open(FRAME_ATTEMPT_BEGIN);
	frame_string("");
	frame_close();
	say("libbpf: loading what never ends\n");
}

static void busy(void)
{
	begin();
	wait_forever();
}

static void end_response(void)
{
	frame_open(FRAME_END);
	frame_u64(1);
	frame_close();
	response_end();
}

static void ring_with(uint32_t more, uint32_t crc)
{
	char line[96];
	int length = snprintf(line, sizeof(line), "done %llx %x %x %x\n", (unsigned long long)mailbox_open(), response_offset(),
	                      response_length() + more, response_crc() ^ crc);

	bell_ring(line, length);
	wait_forever();
}

static void lose_bell(void)
{
	begin();
	frame_open(FRAME_ATTEMPT_END);
	frame_u32(3);
	frame_u32(0);
	frame_u64(1);
	frame_u64(1);
	frame_close();
	end_response();
	wait_forever();
}

static void corrupt(void)
{
	begin();
	end_response();
	ring_with(0, 1);
}

static void lie_about_length(void)
{
	begin();
	end_response();
	ring_with(64 << 20, 0);
}

static void stop_short(void)
{
	begin();
	response_end();
	ring_with(0, 0);
}

static void flood_bell(void)
{
	for (;;)
		bell_ring("ding ", 5);
}

static void flood_console(void)
{
	static char noise[4096];
	int console = open("/dev/console", O_WRONLY);

	memset(noise, 'x', sizeof(noise));
	for (;;)
		if (write(console, noise, sizeof(noise)) < 0)
			wait_forever();
}

static void flood_mailbox(const char *name, const void *bytes, uint32_t length)
{
	static char noise[1 << 20];

	memset(noise, 'x', sizeof(noise));
	noise[sizeof(noise) - 1] = '\0';
	for (int i = 0; i < 100; i++)
		say(noise);
	load_really(name, bytes, length);
}

static void power_off(void)
{
	reboot(RB_POWER_OFF);
}

static const struct {
	const char *name;
	void (*misbehave)(void);
} faults[] = {
	{ "panic", panic },
	{ "hang", hang },
	{ "busy", busy },
	{ "crash", crash },
	{ "no_memory", take_all_memory },
	{ "lost_bell", lose_bell },
	{ "corrupt", corrupt },
	{ "length_lie", lie_about_length },
	{ "stops_short", stop_short },
	{ "bell_flood", flood_bell },
	{ "console_flood", flood_console },
	{ "power_off", power_off },
};

void load_object(const char *name, const void *bytes, uint32_t length)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (strcmp(name, faults[i].name) == 0)
			faults[i].misbehave();
	if (strcmp(name, "mailbox_flood") == 0)
		flood_mailbox(name, bytes, length);
	else
		load_really(name, bytes, length);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The guest side of the mailbox protocol; harness/guest/frames.ts is the host side. All numbers are little-endian. */
#ifndef COREMATRIX_FRAMES_H
#define COREMATRIX_FRAMES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Offsets in the mailbox: the host writes the request before the guest looks, the guest writes the response. */
#define MAILBOX_MAGIC 0x31424d58u /* "XMB1" */
#define REQUEST_HEADER 0x0000
#define RESPONSE_HEADER 0x0800
#define REQUEST_OFFSET 0x1000

struct request_header {
	uint32_t magic;
	uint32_t length;          /* bytes of request frames, from REQUEST_OFFSET on */
	uint32_t response_offset; /* where the guest may begin to write, page aligned */
	uint32_t reserved;
};

/* Kept current while frames are written, so that the host can read what there is of a guest that hangs. */
struct response_header {
	uint32_t magic;
	uint32_t length;  /* bytes of response frames, from response_offset on */
	uint32_t dropped; /* bytes of log text that found no room */
	uint32_t complete;
	uint32_t open_frame; /* offset + 1 of the frame being written, 0 between frames */
	uint32_t crc;        /* of the response, once complete: a ring that gets lost is not missed */
	uint32_t beats;      /* grows every second as long as the guest runs processes at all */
};

enum frame_type {
	/* host to guest */
	FRAME_OBJECT = 1,           /* u32 name length, name, ELF bytes */
	FRAME_AUTOLOAD = 2,         /* u32 enum wanted, string: program */
	FRAME_MAP_SETTING = 32,     /* u32 enum map_attribute, u32 value, string: map */
	FRAME_INNER_MAP = 33,       /* u32 type, key size, value size, max entries (0: as it is), string: map */
	FRAME_PROGRAM_SETTING = 34, /* u32 enum program_attribute, u32 value, string: program */
	FRAME_PINS = 36,            /* empty: maps that the object pins are to be pinned */
	FRAME_VARIABLE = 37,        /* u32 offset, string: data section, bytes */
	FRAME_KCONFIG = 38,         /* string: lines of a kernel configuration */
	FRAME_BTF = 39,             /* BTF for relocations */
	FRAME_ALTERNATIVES = 40,    /* u32 enum alternatives_kind, strings: what one is to be taken of, in that order */
	FRAME_ATTACH = 48,          /* attach what was loaded */
	FRAME_ATTACH_TO = 49,       /* strings: program, what it is to be attached to */
	FRAME_ARCHIVE = 64,         /* ustar archive, unpacked below / */
	FRAME_COMMAND = 65,         /* u32 timeout in ms, u32 words, u32 variables, strings: folder, words, variables */
	FRAME_MODULE = 66,          /* string: name, then the module as the kernel takes it */
	FRAME_RUN = 50,             /* run what was attached: the triggers that follow, then what is to be looked at */
	FRAME_TRIGGER = 51,         /* u32 index, string: name */
	FRAME_TEST_RUN = 52,        /* u32 index, u32 repeat, u32 data length, string: program, data, the rest: context */
	FRAME_COUNT_EVENTS = 53,    /* u32 index, string: map */
	FRAME_LOOK_UP = 54,         /* u32 index, string: map, the rest: key */
	FRAME_TRIGGER_COMMAND = 55, /* u32 index, then as FRAME_COMMAND */
	/* guest to host */
	FRAME_HELLO = 16,         /* strings: release, version, machine, libbpf; then u64 BTF size */
	FRAME_PROGRAM = 17,       /* u32 insns, u32 autoload, strings: name, section, type */
	FRAME_ATTEMPT_BEGIN = 18, /* string: the only program autoloaded, or "" */
	FRAME_LOG = 19,           /* u32 level, then the text of one libbpf print call */
	FRAME_ATTEMPT_END = 20,   /* u32 reached, u32 errno, u64 open ns, u64 load ns */
	FRAME_KERNEL_LOG = 21,    /* text of /dev/kmsg since the cell began */
	FRAME_CRASH = 22,         /* u32 wait status of the loading process */
	FRAME_END = 23,           /* u64 ns in the guest for the whole cell */
	FRAME_LEFT_OUT = 46,      /* u32 enum left_out, strings: program, what the kernel lacks */
	FRAME_TAKEN = 47,         /* u32 enum alternatives_kind, string: what is taken of a group */
	FRAME_ATTACHED = 56,      /* u32 kind, u32 errno, strings: name, detail; for an attempt that loaded */
	FRAME_OUTPUT = 72,        /* u32 stream (1 or 2), what the command printed */
	FRAME_COMMAND_END = 73,   /* u32 command_end, u32 value, u64 ns, u64 bytes of output thrown away */
	FRAME_MODULE_END = 74,    /* u32 errno, string: name */
	FRAME_TRIGGERED = 57,     /* u32 index, u32 errno, u32 what the program returned */
	FRAME_EVENTS = 58,        /* u32 index, u32 errno, u64 count */
	FRAME_MAP_VALUE = 59,     /* u32 index, u32 errno, value; for maps with a value for each processor all of them */
	FRAME_RUNS = 60,          /* u64 how often it ran, string: program */
	FRAME_TRIGGER_END = 61,   /* u32 index, then as FRAME_COMMAND_END */
};

/* How a command ended; with the exit status, the signal, the timeout in ms, or the errno that kept it from starting. */
enum command_end { COMMAND_EXITED = 0, COMMAND_KILLED = 1, COMMAND_TIMED_OUT = 2, COMMAND_NOT_STARTED = 3 };

enum attached_kind { ATTACHED_PROGRAM = 0, ATTACHED_MAP = 1 };

enum wanted { WANTED_NO = 0, WANTED_YES = 1, WANTED_IF_SUPPORTED = 2 };

enum map_attribute {
	MAP_TYPE = 0,
	MAP_MAX_ENTRIES = 1,
	MAP_KEY_SIZE = 2,
	MAP_VALUE_SIZE = 3,
	MAP_CPUS = 4,       /* max_entries is the number of possible processors; the value says nothing */
	MAP_AUTOCREATE = 5, /* enum wanted */
};

enum program_attribute { PROGRAM_TYPE = 0, PROGRAM_ATTACH_TYPE = 1 };

enum alternatives_kind { ALTERNATIVE_PROGRAMS = 0, ALTERNATIVE_MAPS = 1 };

/* Why a program is not loaded that was to be loaded where that is possible. */
enum left_out { LEFT_OUT_TYPE = 0, LEFT_OUT_TARGET = 1 };

struct frame_header {
	uint32_t type;
	uint32_t length; /* of the payload; the next frame begins at the next multiple of 4 */
};

/* Maps the mailbox; returns its guest-physical address, 0 with errno when there is none. */
uint64_t mailbox_open(void);

/* Whether the host has put a request into the mailbox. */
bool request_present(void);

/* One more sign of life. */
void heartbeat(void);

struct request_frame {
	uint32_t type;
	uint32_t length;
	const void *payload; /* NULL before the first */
};

/* Steps to the next frame of the request; false after the last. Begin with a zeroed one. */
bool request_next(struct request_frame *frame);

/* The request's first frame of this type; false when there is none. */
bool request_find(uint32_t type, struct request_frame *frame);

/* Starts an empty response, or goes on with the one there is: its bookkeeping lives in the mailbox and outlives a process. */
void response_begin(void);
void response_resume(void);
void response_end(void);

/* Ordered writing of one frame. Text that finds no room is cut and counted in `dropped`. */
void frame_open(uint32_t type);
void frame_u32(uint32_t value);
void frame_u64(uint64_t value);
void frame_string(const char *text);
void frame_bytes(const void *bytes, size_t length);
void frame_vprintf(const char *format, va_list arguments);
/* Also ends the frame that a crashed process left open. */
void frame_close(void);

/* Where the response begins in the mailbox, how long it is, and its CRC-32 (ISO-HDLC, as in zlib). */
uint32_t response_offset(void);
uint32_t response_length(void);
uint32_t response_crc(void);

#endif

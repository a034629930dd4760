/* SPDX-License-Identifier: Apache-2.0 */
/* The mailbox protocol, all numbers little-endian. */
/* Generated from harness/guest/protocol/ by "npm run protocol"; do not edit. */
#ifndef COREMATRIX_FRAMES_H
#define COREMATRIX_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#define MAILBOX_MAGIC 0x31424d58u
#define REQUEST_HEADER 0x0000
#define RESPONSE_HEADER 0x0800
#define REQUEST_OFFSET 0x1000

struct request_header {
	uint32_t magic;
	uint32_t length;          /* bytes of request frames, from REQUEST_OFFSET on */
	uint32_t response_offset; /* where the guest may begin to write, at the start of a page */
	uint32_t reserved;
};

struct response_header {
	uint32_t magic;
	uint32_t length;     /* bytes of response frames, from response_offset on */
	uint32_t dropped;    /* bytes of log text that did not fit */
	uint32_t complete;   /* 1 when the response is complete */
	uint32_t open_frame; /* offset + 1 of the frame being written, 0 between frames */
	uint32_t crc;        /* CRC-32 of a complete response */
	uint32_t beats;      /* grows every second while the guest runs processes */
};

struct frame_header {
	uint32_t type;
	uint32_t length; /* of the payload; the next frame begins at the next multiple of 4 */
};

enum frame_type {
	/* host to guest */
	FRAME_OBJECT = 1,           /* the object to load */
	FRAME_AUTOLOAD = 2,         /* whether a program is loaded */
	FRAME_MAP_SETTING = 32,     /* an attribute of a map */
	FRAME_INNER_MAP = 33,       /* the maps in a map of maps; 0 keeps the value in the object */
	FRAME_PROGRAM_SETTING = 34, /* an attribute of a program */
	FRAME_PINS = 36,            /* maps that the object pins are pinned */
	FRAME_VARIABLE = 37,        /* bytes at an offset of a data section */
	FRAME_KCONFIG = 38,         /* lines of a kernel configuration */
	FRAME_BTF = 39,             /* BTF for relocations */
	FRAME_ALTERNATIVES = 40,    /* one of these is chosen; they are tried in this order */
	FRAME_ATTACH = 48,          /* everything that was loaded is attached */
	FRAME_ATTACH_TO = 49,       /* the attach target of a program */
	FRAME_RUN = 50,             /* the triggers run the attached programs, then the checks are read */
	FRAME_TRIGGER = 51,         /* a built-in trigger */
	FRAME_TEST_RUN = 52,        /* a program is run on data */
	FRAME_COUNT_EVENTS = 53,    /* the events in a buffer are counted */
	FRAME_LOOK_UP = 54,         /* a value of a map is read */
	FRAME_TRIGGER_COMMAND = 55, /* a command as a trigger; its files are in the archive */
	FRAME_ARCHIVE = 64,         /* a ustar archive, unpacked below / */
	FRAME_COMMAND = 65,         /* the custom loader, which replaces the load */
	FRAME_COLLECT = 67,         /* a file that the command writes; its bytes are sent back */
	FRAME_MODULE = 66,          /* a kernel module, loaded before anything else */
	/* guest to host */
	FRAME_HELLO = 16,           /* the guest is ready */
	FRAME_UPTIME = 84,          /* the time from the start of the kernel to hello */
	FRAME_PROGRAM = 17,         /* a program of the object */
	FRAME_ATTEMPT_BEGIN = 18,   /* a load attempt of one program, or of "" for the whole object */
	FRAME_LOG = 19,             /* one print call of libbpf */
	FRAME_ATTEMPT_END = 20,     /* the end of a load attempt */
	FRAME_KERNEL_LOG = 21,      /* records of /dev/kmsg since the cell began */
	FRAME_CRASH = 22,           /* the loading process ended without a response */
	FRAME_END = 23,             /* the end of a response */
	FRAME_LEFT_OUT = 46,        /* a program that is not loaded */
	FRAME_CHOSEN = 47,          /* the chosen one of alternatives */
	FRAME_ATTACHED = 56,        /* a program or struct_ops map of the previous attempt; errno 0 if it is attached */
	FRAME_TRIGGERED = 57,       /* the result of a trigger, and the return value of a test run */
	FRAME_EVENTS = 58,          /* the number of events in a buffer */
	FRAME_MAP_VALUE = 59,       /* a value of a map; for a per-CPU map the values of all processors */
	FRAME_RUNS = 60,            /* the number of runs of a program */
	FRAME_TRIGGER_END = 61,     /* the end of a trigger command */
	FRAME_OUTPUT = 72,          /* output of a command on stream 1 or 2 */
	FRAME_COMMAND_END = 73,     /* the end of the custom loader */
	FRAME_COLLECTED = 75,       /* the bytes of that file; errno 0 if it was read */
	FRAME_TARGET = 62,          /* a function that a program ("": of the last attempt) cannot attach to */
	FRAME_MODULE_END = 74,      /* a module; errno 0 if it is loaded */
	FRAME_FAILURE = 80,         /* the failure that ended an attempt, in the words of the loader; errno 0 if unknown */
	FRAME_VERIFIER_LOG = 81,    /* the log of the verifier for a program of the attempt */
	FRAME_CORE_RELOCATION = 82, /* what a CO-RE relocation changed; insn counts within the function */
	FRAME_SUBPROGRAM = 83,      /* a function that the loader appended to a program, as the verifier counts its instructions */
};

/* Frames on the pipes between the agent and a loader program. */
enum control_type {
	CONTROL_READY = 96,         /* the loader is warm; the release of its library */
	CONTROL_END = 97,           /* the end of the request */
	CONTROL_TRIGGERS = 98,      /* everything is attached: the agent pulls the triggers */
	CONTROL_CONTINUE = 99,      /* the triggers are pulled: the loader reads the checks */
	CONTROL_FINISHED = 100,     /* the loader has reported everything */
	CONTROL_FIND_TARGET = 101,  /* whether the kernel has a target that the load of a program does not need */
	CONTROL_TARGET_FOUND = 102, /* the answer: no if a load would hide that the target is missing */
	CONTROL_FIND_TYPE = 103,    /* whether the kernel knows a program type, in the words of libbpf */
	CONTROL_TYPE_FOUND = 104,   /* the answer: no if the kernel certainly lacks the type */
};

/* Off, on, or on if the kernel supports it. */
enum wanted {
	WANTED_NO = 0,
	WANTED_YES = 1,
	WANTED_IF_SUPPORTED = 2,
};

/* Attributes of a map. For "cpus" the agent uses the number of processors; the value of "autocreate" is an enum wanted. */
enum map_attribute {
	MAP_TYPE = 0,
	MAP_MAX_ENTRIES = 1,
	MAP_KEY_SIZE = 2,
	MAP_VALUE_SIZE = 3,
	MAP_CPUS = 4,
	MAP_AUTOCREATE = 5,
};

/* Attributes of a program. */
enum program_attribute {
	PROGRAM_TYPE = 0,
	PROGRAM_ATTACH_TYPE = 1,
};

/* The kinds of alternatives. */
enum alternatives_kind {
	ALTERNATIVE_PROGRAMS = 0,
	ALTERNATIVE_MAPS = 1,
};

/* The numbers of enum libbpf_print_level. */
enum log_level {
	LEVEL_WARN = 0,
	LEVEL_INFO = 1,
	LEVEL_DEBUG = 2,
};

/* The step at which a load attempt ended: the one that failed, or "done". */
enum reached {
	REACHED_OPEN = 0,
	REACHED_PREPARE = 1,
	REACHED_LOAD = 2,
	REACHED_DONE = 3,
};

/* The part that the kernel lacks for a program that is loaded only if the kernel supports it. */
enum lacks {
	LACKS_PROGRAM_TYPE = 0,
	LACKS_ATTACH_TARGET = 1,
};

/* The kinds of attached things. */
enum attached_kind {
	ATTACHED_PROGRAM = 0,
	ATTACHED_MAP = 1,
};

/* The end of a command. Its value is the exit status, the signal, the time limit in ms, or the errno of the failed start. */
enum command_end {
	COMMAND_EXITED = 0,
	COMMAND_KILLED = 1,
	COMMAND_TIMED_OUT = 2,
	COMMAND_NOT_STARTED = 3,
};

/* What the lists of the kernel say about a function: the first word also means that they cannot be read. */
enum target_state {
	TARGET_UNKNOWN = 0,
	TARGET_TRACEABLE = 1,
	TARGET_NOTRACE = 2,
	TARGET_VARIANT = 3,
	TARGET_INLINED = 4,
	TARGET_ABSENT = 5,
	TARGET_INIT = 6,
};

/* What a loader failed at. A setting is a wish of the request that its library cannot fulfil. */
enum failure_about {
	ABOUT_OBJECT = 0,
	ABOUT_BTF = 1,
	ABOUT_RELOCATION = 2,
	ABOUT_EXTERN = 3,
	ABOUT_MAP = 4,
	ABOUT_PROGRAM = 5,
	ABOUT_SETTING = 6,
	ABOUT_ATTACH = 7,
};

/* What a loader did with an instruction: it wrote the value, made the instruction invalid, or ended the load. */
enum relocation_outcome {
	RELOCATION_PATCHED = 0,
	RELOCATION_POISONED = 1,
	RELOCATION_FAILED = 2,
};

/* Whether a loader program may send frames of this type to the host. */
static inline bool comes_from_loader(uint32_t type)
{
	switch (type) {
	case FRAME_PROGRAM:
	case FRAME_ATTEMPT_BEGIN:
	case FRAME_LOG:
	case FRAME_ATTEMPT_END:
	case FRAME_LEFT_OUT:
	case FRAME_CHOSEN:
	case FRAME_ATTACHED:
	case FRAME_TRIGGERED:
	case FRAME_EVENTS:
	case FRAME_MAP_VALUE:
	case FRAME_RUNS:
	case FRAME_FAILURE:
	case FRAME_VERIFIER_LOG:
	case FRAME_CORE_RELOCATION:
	case FRAME_SUBPROGRAM:
		return true;
	default:
		return false;
	}
}

#endif

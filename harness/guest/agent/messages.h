/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of frames: begin_*() leaves a frame open for bytes, which frame_close() ends. */
/* Generated from harness/guest/protocol/ by "npm run protocol"; do not edit. */
#ifndef COREMATRIX_MESSAGES_H
#define COREMATRIX_MESSAGES_H

#include "mailbox.h"
#include "payload.h"

struct object_request {
	struct payload name;
	struct payload elf;
};

static inline struct object_request read_object_request(struct payload payload)
{
	struct object_request request;

	request.name = payload_counted(&payload);
	request.elf = payload_rest(&payload);
	return request;
}

struct autoload_request {
	enum wanted wanted;
	const char *program;
};

static inline struct autoload_request read_autoload_request(struct payload payload)
{
	struct autoload_request request;

	request.wanted = payload_u32(&payload);
	request.program = payload_string(&payload);
	return request;
}

struct map_setting_request {
	enum map_attribute attribute;
	uint32_t value;
	const char *map;
};

static inline struct map_setting_request read_map_setting_request(struct payload payload)
{
	struct map_setting_request request;

	request.attribute = payload_u32(&payload);
	request.value = payload_u32(&payload);
	request.map = payload_string(&payload);
	return request;
}

struct inner_map_request {
	uint32_t map_type;
	uint32_t key_size;
	uint32_t value_size;
	uint32_t max_entries;
	const char *map;
};

static inline struct inner_map_request read_inner_map_request(struct payload payload)
{
	struct inner_map_request request;

	request.map_type = payload_u32(&payload);
	request.key_size = payload_u32(&payload);
	request.value_size = payload_u32(&payload);
	request.max_entries = payload_u32(&payload);
	request.map = payload_string(&payload);
	return request;
}

struct program_setting_request {
	enum program_attribute attribute;
	uint32_t value;
	const char *program;
};

static inline struct program_setting_request read_program_setting_request(struct payload payload)
{
	struct program_setting_request request;

	request.attribute = payload_u32(&payload);
	request.value = payload_u32(&payload);
	request.program = payload_string(&payload);
	return request;
}

struct variable_request {
	uint32_t offset;
	const char *section;
	struct payload bytes;
};

static inline struct variable_request read_variable_request(struct payload payload)
{
	struct variable_request request;

	request.offset = payload_u32(&payload);
	request.section = payload_string(&payload);
	request.bytes = payload_rest(&payload);
	return request;
}

struct kconfig_request {
	const char *text;
};

static inline struct kconfig_request read_kconfig_request(struct payload payload)
{
	struct kconfig_request request;

	request.text = payload_string(&payload);
	return request;
}

struct btf_request {
	struct payload bytes;
};

static inline struct btf_request read_btf_request(struct payload payload)
{
	struct btf_request request;

	request.bytes = payload_rest(&payload);
	return request;
}

struct alternatives_request {
	enum alternatives_kind kind;
	struct payload names;
};

static inline struct alternatives_request read_alternatives_request(struct payload payload)
{
	struct alternatives_request request;

	request.kind = payload_u32(&payload);
	request.names = payload_rest(&payload);
	return request;
}

struct attach_to_request {
	const char *program;
	const char *target;
};

static inline struct attach_to_request read_attach_to_request(struct payload payload)
{
	struct attach_to_request request;

	request.program = payload_string(&payload);
	request.target = payload_string(&payload);
	return request;
}

struct trigger_request {
	uint32_t index;
	const char *name;
};

static inline struct trigger_request read_trigger_request(struct payload payload)
{
	struct trigger_request request;

	request.index = payload_u32(&payload);
	request.name = payload_string(&payload);
	return request;
}

struct test_run_request {
	uint32_t index;
	uint32_t repeat;
	const char *program;
	struct payload data;
	struct payload context;
};

static inline struct test_run_request read_test_run_request(struct payload payload)
{
	struct test_run_request request;

	request.index = payload_u32(&payload);
	request.repeat = payload_u32(&payload);
	request.program = payload_string(&payload);
	request.data = payload_counted(&payload);
	request.context = payload_rest(&payload);
	return request;
}

struct count_events_request {
	uint32_t index;
	const char *map;
};

static inline struct count_events_request read_count_events_request(struct payload payload)
{
	struct count_events_request request;

	request.index = payload_u32(&payload);
	request.map = payload_string(&payload);
	return request;
}

struct look_up_request {
	uint32_t index;
	const char *map;
	struct payload key;
};

static inline struct look_up_request read_look_up_request(struct payload payload)
{
	struct look_up_request request;

	request.index = payload_u32(&payload);
	request.map = payload_string(&payload);
	request.key = payload_rest(&payload);
	return request;
}

struct trigger_command_request {
	uint32_t index;
	uint32_t timeout_ms;
	const char *folder;
	struct string_list argv;
	struct string_list env;
};

static inline struct trigger_command_request read_trigger_command_request(struct payload payload)
{
	struct trigger_command_request request;

	request.index = payload_u32(&payload);
	request.timeout_ms = payload_u32(&payload);
	request.folder = payload_string(&payload);
	request.argv = payload_list(&payload);
	request.env = payload_list(&payload);
	return request;
}

struct archive_request {
	struct payload tar;
};

static inline struct archive_request read_archive_request(struct payload payload)
{
	struct archive_request request;

	request.tar = payload_rest(&payload);
	return request;
}

struct command_request {
	uint32_t timeout_ms;
	const char *folder;
	struct string_list argv;
	struct string_list env;
};

static inline struct command_request read_command_request(struct payload payload)
{
	struct command_request request;

	request.timeout_ms = payload_u32(&payload);
	request.folder = payload_string(&payload);
	request.argv = payload_list(&payload);
	request.env = payload_list(&payload);
	return request;
}

struct collect_request {
	const char *path;
};

static inline struct collect_request read_collect_request(struct payload payload)
{
	struct collect_request request;

	request.path = payload_string(&payload);
	return request;
}

struct module_request {
	const char *name;
	struct payload ko;
};

static inline struct module_request read_module_request(struct payload payload)
{
	struct module_request request;

	request.name = payload_string(&payload);
	request.ko = payload_rest(&payload);
	return request;
}

static inline void send_hello(const char *release, const char *version, const char *machine, const char *libbpf, uint64_t btf_size)
{
	frame_open(FRAME_HELLO);
	frame_string(release);
	frame_string(version);
	frame_string(machine);
	frame_string(libbpf);
	frame_u64(btf_size);
	frame_close();
}

static inline void send_uptime(uint64_t uptime_ns)
{
	frame_open(FRAME_UPTIME);
	frame_u64(uptime_ns);
	frame_close();
}

static inline void send_program(uint32_t insns, bool autoload, const char *name, const char *section, const char *program_type)
{
	frame_open(FRAME_PROGRAM);
	frame_u32(insns);
	frame_u32(autoload);
	frame_string(name);
	frame_string(section);
	frame_string(program_type);
	frame_close();
}

static inline void send_attempt_begin(const char *program)
{
	frame_open(FRAME_ATTEMPT_BEGIN);
	frame_string(program);
	frame_close();
}

static inline void begin_log(enum log_level level)
{
	frame_open(FRAME_LOG);
	frame_u32((uint32_t)level);
}

static inline void send_attempt_end(enum reached reached, uint32_t error, uint64_t open_ns, uint64_t load_ns)
{
	frame_open(FRAME_ATTEMPT_END);
	frame_u32((uint32_t)reached);
	frame_u32(error);
	frame_u64(open_ns);
	frame_u64(load_ns);
	frame_close();
}

static inline void begin_kernel_log(void)
{
	frame_open(FRAME_KERNEL_LOG);
}

static inline void send_crash(uint32_t wait_status)
{
	frame_open(FRAME_CRASH);
	frame_u32(wait_status);
	frame_close();
}

static inline void send_end(uint64_t guest_ns)
{
	frame_open(FRAME_END);
	frame_u64(guest_ns);
	frame_close();
}

static inline void send_left_out(enum lacks lacks, const char *program, const char *what)
{
	frame_open(FRAME_LEFT_OUT);
	frame_u32((uint32_t)lacks);
	frame_string(program);
	frame_string(what);
	frame_close();
}

static inline void send_chosen(enum alternatives_kind kind, const char *name)
{
	frame_open(FRAME_CHOSEN);
	frame_u32((uint32_t)kind);
	frame_string(name);
	frame_close();
}

static inline void send_attached(enum attached_kind kind, uint32_t error, const char *name, const char *detail)
{
	frame_open(FRAME_ATTACHED);
	frame_u32((uint32_t)kind);
	frame_u32(error);
	frame_string(name);
	frame_string(detail);
	frame_close();
}

static inline void send_triggered(uint32_t index, uint32_t error, uint32_t returned)
{
	frame_open(FRAME_TRIGGERED);
	frame_u32(index);
	frame_u32(error);
	frame_u32(returned);
	frame_close();
}

static inline void send_events(uint32_t index, uint32_t error, uint64_t count)
{
	frame_open(FRAME_EVENTS);
	frame_u32(index);
	frame_u32(error);
	frame_u64(count);
	frame_close();
}

static inline void begin_map_value(uint32_t index, uint32_t error)
{
	frame_open(FRAME_MAP_VALUE);
	frame_u32(index);
	frame_u32(error);
}

static inline void send_runs(uint64_t count, const char *program)
{
	frame_open(FRAME_RUNS);
	frame_u64(count);
	frame_string(program);
	frame_close();
}

static inline void send_trigger_end(uint32_t index, enum command_end end, uint32_t value, uint64_t ns, uint64_t dropped)
{
	frame_open(FRAME_TRIGGER_END);
	frame_u32(index);
	frame_u32((uint32_t)end);
	frame_u32(value);
	frame_u64(ns);
	frame_u64(dropped);
	frame_close();
}

static inline void begin_output(uint32_t stream)
{
	frame_open(FRAME_OUTPUT);
	frame_u32(stream);
}

static inline void send_command_end(enum command_end end, uint32_t value, uint64_t ns, uint64_t dropped)
{
	frame_open(FRAME_COMMAND_END);
	frame_u32((uint32_t)end);
	frame_u32(value);
	frame_u64(ns);
	frame_u64(dropped);
	frame_close();
}

static inline void begin_collected(uint32_t error)
{
	frame_open(FRAME_COLLECTED);
	frame_u32(error);
}

static inline void send_target(enum target_state state, const char *program, const char *function, const char *variant)
{
	frame_open(FRAME_TARGET);
	frame_u32((uint32_t)state);
	frame_string(program);
	frame_string(function);
	frame_string(variant);
	frame_close();
}

static inline void send_module_end(uint32_t error, const char *name)
{
	frame_open(FRAME_MODULE_END);
	frame_u32(error);
	frame_string(name);
	frame_close();
}

static inline void begin_failure(enum failure_about about, uint32_t error, const char *name)
{
	frame_open(FRAME_FAILURE);
	frame_u32((uint32_t)about);
	frame_u32(error);
	frame_string(name);
}

static inline void begin_verifier_log(const char *program)
{
	frame_open(FRAME_VERIFIER_LOG);
	frame_string(program);
}

static inline void begin_core_relocation(enum relocation_outcome outcome, uint32_t insn, uint64_t from, uint64_t to, const char *function)
{
	frame_open(FRAME_CORE_RELOCATION);
	frame_u32((uint32_t)outcome);
	frame_u32(insn);
	frame_u64(from);
	frame_u64(to);
	frame_string(function);
}

static inline void send_subprogram(uint32_t insns, uint32_t offset, const char *program, const char *function)
{
	frame_open(FRAME_SUBPROGRAM);
	frame_u32(insns);
	frame_u32(offset);
	frame_string(program);
	frame_string(function);
	frame_close();
}

#endif

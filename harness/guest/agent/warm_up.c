// SPDX-License-Identifier: Apache-2.0
#include "warm_up.h"

#include "vmlinux_btf.h"

#include <linux/bpf.h>
#include <linux/btf.h>
#include <bpf/libbpf.h>
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

enum { PROGRAM = 1, SYMBOLS, CONSTANT, BTF, NAMES, SECTION_COUNT };

struct image {
	Elf64_Ehdr header;
	struct bpf_insn program[2];
	Elf64_Sym symbols[2];
	uint64_t constant;
	struct {
		struct btf_header header;
		struct btf_type integer;
		uint32_t encoding;
		char strings[8];
	} btf;
	char names[48];
	Elf64_Shdr sections[SECTION_COUNT];
};

/* Offsets in `names`. */
enum { NAME_PROGRAM = 1, NAME_SYMBOLS = 8, NAME_CONSTANT = 16, NAME_BTF = 24, NAME_NAMES = 32 };

#define CONTENT(field) .sh_offset = offsetof(struct image, field), .sh_size = sizeof(((struct image *)0)->field), .sh_addralign = 8

/* A small object: one program that returns 0, one constant, one type. To load it, libbpf probes all features of the kernel. */
static const struct image image = {
	.header = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_REL,
		.e_machine = EM_BPF,
		.e_version = EV_CURRENT,
		.e_shoff = offsetof(struct image, sections),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SECTION_COUNT,
		.e_shstrndx = NAMES,
	},
	.program = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	},
	.symbols[1] = {
		.st_name = NAME_PROGRAM,
		.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
		.st_shndx = PROGRAM,
		.st_size = sizeof(struct bpf_insn[2]),
	},
	.btf = {
		.header = {
			.magic = BTF_MAGIC,
			.version = BTF_VERSION,
			.hdr_len = sizeof(struct btf_header),
			.type_len = sizeof(struct btf_type) + sizeof(uint32_t),
			.str_off = sizeof(struct btf_type) + sizeof(uint32_t),
			.str_len = 8,
		},
		.integer = { .name_off = 1, .info = BTF_KIND_INT << 24, .size = 4 },
		.encoding = 32,
		.strings = "\0number",
	},
	.names = "\0socket\0.symtab\0.rodata\0.BTF\0\0\0\0.strtab",
	.sections = {
		[PROGRAM] = {
			.sh_name = NAME_PROGRAM,
			.sh_type = SHT_PROGBITS,
			.sh_flags = SHF_ALLOC | SHF_EXECINSTR,
			CONTENT(program),
		},
		[SYMBOLS] = {
			.sh_name = NAME_SYMBOLS,
			.sh_type = SHT_SYMTAB,
			.sh_link = NAMES,
			.sh_info = 1,
			.sh_entsize = sizeof(Elf64_Sym),
			CONTENT(symbols),
		},
		[CONSTANT] = { .sh_name = NAME_CONSTANT, .sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC, CONTENT(constant) },
		[BTF] = { .sh_name = NAME_BTF, .sh_type = SHT_PROGBITS, CONTENT(btf) },
		[NAMES] = { .sh_name = NAME_NAMES, .sh_type = SHT_STRTAB, CONTENT(names) },
	},
};

static int keep_quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

void warm_up(void)
{
	libbpf_print_fn_t before = libbpf_set_print(keep_quiet);
	struct bpf_object *object;

	keep_vmlinux_btf();
	object = bpf_object__open_mem(&image, sizeof(image), NULL);
	if (object)
		bpf_object__load(object);
	bpf_object__close(object);
	libbpf_set_print(before);
	/* Faults in all pages that are mapped now. */
	if (mlockall(MCL_CURRENT) == 0)
		munlockall();
}

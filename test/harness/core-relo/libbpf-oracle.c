// SPDX-License-Identifier: Apache-2.0
// Resolves and patches relocations with libbpf's own functions, without a kernel. Tests compare predictions with the output.
// Input, one per line:   cell OBJECT BTF   |   relo PROGRAM INDEX INSN KIND TYPE ACCESS BYTES
// Output: what libbpf prints, after each relocation "= " and the two instructions in hexadecimal, or "! " and the error.
#include <linux/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TYPES (1 << 18)
#define SPECS 3

// These functions are internal to libbpf and have no header, but the static library contains them. Their scratch memory is only passed on.
struct candidate {
	const struct btf *btf;
	__u32 id;
};

struct candidates {
	struct candidate *list;
	int length;
};

union scratch {
	char bytes[1 << 16];
	__u64 alignment;
};

size_t bpf_core_essential_name_len(const char *name);
int bpf_core_add_cands(struct candidate *local, size_t essential_length, const struct btf *target, const char *name, int first_id,
                       struct candidates *found);
int bpf_core_calc_relo_insn(const char *program, const struct bpf_core_relo *relo, int index, const struct btf *local,
                            struct candidates *candidates, void *specs, void *result);
int bpf_core_patch_insn(const char *program, struct bpf_insn *insn, int insn_index, const struct bpf_core_relo *relo, int index,
                        const void *result);

static struct btf *local, *target;
static struct candidates *known[MAX_TYPES];

static int print(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	return vprintf(format, args);
}

static void forget_candidates(void)
{
	for (int id = 0; id < MAX_TYPES; id++) {
		if (known[id])
			free(known[id]->list);
		free(known[id]);
		known[id] = NULL;
	}
}

/* Reads a file, unless it is the last one that was read. */
static void reread(struct btf **btf, char *last, const char *path)
{
	if (*btf && !strcmp(last, path))
		return;
	btf__free(*btf);
	*btf = btf__parse(path, NULL);
	strcpy(last, path);
}

static struct candidates *candidates_for(__u32 id)
{
	struct candidate self = { local, id };
	const char *name = btf__name_by_offset(local, btf__type_by_id(local, id)->name_off);

	if (!known[id]) {
		known[id] = calloc(1, sizeof(struct candidates));
		bpf_core_add_cands(&self, bpf_core_essential_name_len(name), target, "vmlinux", 1, known[id]);
	}
	return known[id];
}

static void relocate(char *line)
{
	static union scratch specs[SPECS], result;
	char program[128], access[512], bytes[64];
	struct bpf_insn insn[2];
	struct bpf_core_relo relo;
	unsigned int kind, type;
	int index, at, error, string;

	if (sscanf(line, "relo %127s %d %d %u %u %511s %63s", program, &index, &at, &kind, &type, access, bytes) != 7)
		exit(2);
	string = btf__find_str(local, access);
	if (string < 0)
		string = btf__add_str(local, access);
	relo = (struct bpf_core_relo){ at * sizeof(*insn), type, string, kind };
	for (size_t byte = 0; byte < sizeof(insn); byte++)
		sscanf(bytes + 2 * byte, "%2hhx", (unsigned char *)insn + byte);
	memset(specs, 0, sizeof(specs));
	memset(&result, 0, sizeof(result));
	error = bpf_core_calc_relo_insn(program, &relo, index, local, kind == BPF_CORE_TYPE_ID_LOCAL ? NULL : candidates_for(type), specs,
	                                &result);
	if (!error)
		error = bpf_core_patch_insn(program, insn, at, &relo, index, &result);
	if (error) {
		printf("! %d\n", error);
		return;
	}
	printf("= ");
	for (size_t byte = 0; byte < sizeof(insn); byte++)
		printf("%02x", ((unsigned char *)insn)[byte]);
	printf("\n");
}

int main(void)
{
	static char line[4096], object[1024], btf[1024], last_object[1024], last_btf[1024];

	libbpf_set_print(print);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "cell %1023s %1023s", object, btf) != 2) {
			relocate(line);
			continue;
		}
		forget_candidates();
		reread(&local, last_object, object);
		reread(&target, last_btf, btf);
		if (!local || !target || btf__type_cnt(local) > MAX_TYPES)
			return 2;
		printf("# %s %s\n", object, btf);
	}
	return 0;
}

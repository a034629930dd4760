// SPDX-License-Identifier: Apache-2.0
// Lets libbpf distill the base of a module's BTF, and relocate such BTF to another kernel. Tests compare the reader of modules with it.
// Input, one per line:   distill BASE MODULE NEW_BASE NEW_MODULE   |   relocate BASE MODULE KERNEL NEW_MODULE
// Output, one per line: 0, the error number, or 9999 if libbpf cannot read an input. The new BTF is written to files.
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Means BTF that libbpf cannot read. It is not an error number of libbpf. */
#define UNREADABLE 9999

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void save(const struct btf *btf, const char *path)
{
	FILE *file = fopen(path, "wb");
	__u32 size = 0;
	const void *bytes = btf__raw_data(btf, &size);

	if (!file || !bytes || fwrite(bytes, 1, size, file) != size)
		exit(2);
	fclose(file);
}

static int distill(struct btf *module, const char *new_base_path, const char *new_module_path)
{
	struct btf *new_base = NULL, *new_module = NULL;
	int error = btf__distill_base(module, &new_base, &new_module);

	if (error)
		return error;
	save(new_base, new_base_path);
	save(new_module, new_module_path);
	btf__free(new_module);
	btf__free(new_base);
	return 0;
}

static int relocate(struct btf *module, const char *kernel_path, const char *new_module_path)
{
	struct btf *kernel = btf__parse(kernel_path, NULL);
	int error = kernel ? btf__relocate(module, kernel) : -UNREADABLE;

	if (!error)
		save(module, new_module_path);
	btf__free(module);
	btf__free(kernel);
	return error;
}

static int answer(const char *verb, char paths[4][1024])
{
	struct btf *base = btf__parse(paths[0], NULL), *module = base ? btf__parse_split(paths[1], base) : NULL;

	if (!module)
		return -UNREADABLE;
	return strcmp(verb, "distill") ? relocate(module, paths[2], paths[3]) : distill(module, paths[2], paths[3]);
}

int main(void)
{
	static char line[8192], verb[16], paths[4][1024];

	libbpf_set_print(quiet);
	while (fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "%15s %1023s %1023s %1023s %1023s", verb, paths[0], paths[1], paths[2], paths[3]) != 5)
			return 1;
		printf("%d\n", -answer(verb, paths));
	}
	return 0;
}

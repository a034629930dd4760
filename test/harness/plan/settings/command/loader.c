// SPDX-License-Identifier: Apache-2.0
/* A loader for tests. `loader load OBJECT` loads through libbpf as tools do, `loader attach OBJECT PROGRAM` attaches
 * one program, and other words name the kind of failure. */
#include <bpf/libbpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int print(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	return vfprintf(stderr, format, arguments);
}

static int load(const char *path)
{
	struct bpf_object *object;
	char word[16] = "";
	FILE *file = fopen("word.txt", "r");

	/* Tools read their own files; this one expects its file beside it. */
	if (!file || !fgets(word, sizeof(word), file) || strcmp(word, getenv("WORD")) != 0)
		return 2;
	libbpf_set_print(print);
	object = bpf_object__open_file(path, NULL);
	if (!object)
		return 3;
	if (bpf_object__load(object) != 0) {
		puts("could not load");
		return 1;
	}
	puts("loaded");
	return 0;
}

/* Loads and attaches one program alone. */
static int attach(const char *path, const char *name)
{
	struct bpf_object *object;
	struct bpf_program *program, *each;

	libbpf_set_print(print);
	object = bpf_object__open_file(path, NULL);
	program = object ? bpf_object__find_program_by_name(object, name) : NULL;
	if (!program)
		return 3;
	bpf_object__for_each_program(each, object)
		bpf_program__set_autoload(each, each == program);
	if (bpf_object__load(object) != 0 || !bpf_program__attach(program)) {
		puts("could not attach");
		return 1;
	}
	return 0;
}

int main(int count, char **words)
{
	const char *way = count > 1 ? words[1] : "";

	if (strcmp(way, "load") == 0 && count > 2)
		return load(words[2]);
	if (strcmp(way, "attach") == 0 && count > 3)
		return attach(words[2], words[3]);
	if (strcmp(way, "crash") == 0)
		raise(SIGSEGV);
	if (strcmp(way, "hang") == 0)
		for (;;)
			pause();
	/* say TEXT STATUS */
	if (strcmp(way, "say") == 0 && count > 3) {
		fprintf(stderr, "%s\n", words[2]);
		return atoi(words[3]);
	}
	return 64;
}

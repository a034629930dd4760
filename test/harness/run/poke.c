// SPDX-License-Identifier: Apache-2.0
/* A trigger for tests: its arguments name an action or a kind of failure. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int count, char **words)
{
	const char *way = count > 1 ? words[1] : "";
	char text[64] = "", folder[64] = "";

	if (strcmp(way, "read") == 0) {
		FILE *file = fopen(words[2], "r");

		if (!file || !fgets(text, sizeof(text), file) || !getcwd(folder, sizeof(folder)))
			return 2;
		printf("%s says %s in %s\n", words[2], text, folder);
		return 0;
	}
	if (strcmp(way, "stat") == 0) {
		struct stat facts;

		return stat(words[2], &facts) == 0 ? 0 : 2;
	}
	if (strcmp(way, "rename") == 0)
		return prctl(PR_SET_NAME, getenv("NAME"), 0, 0, 0) == 0 ? 0 : 1;
	if (strcmp(way, "exit") == 0) {
		fprintf(stderr, "first\nnothing to poke at\n");
		return atoi(words[2]);
	}
	if (strcmp(way, "crash") == 0)
		raise(SIGSEGV);
	if (strcmp(way, "hang") == 0)
		pause();
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Prints a digest of the symbols of the running kernel itself, without those of modules and BPF programs: their number, then for each
 * thousand a hash of types and names, and one of distances from _text in bytes. A kernel must run without KASLR.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 1000
#define START 0xcbf29ce484222325u
#define PRIME 0x100000001b3u

/* FNV-1a. */
static uint64_t hashed(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * PRIME;
	return hash;
}

static uint64_t text_address(FILE *symbols)
{
	char line[1024], name[1024];
	uint64_t address;

	while (fgets(line, sizeof(line), symbols))
		if (sscanf(line, "%" SCNx64 " %*c %1023s", &address, name) == 2 && strcmp(name, "_text") == 0)
			return address;
	return 0;
}

int main(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	uint64_t names = START, distances = START, text, address;
	char line[1024], name[1024], type, distance[64];
	unsigned int count = 0;

	if (!symbols)
		return 1;
	text = text_address(symbols);
	rewind(symbols);
	while (fgets(line, sizeof(line), symbols)) {
		if (strchr(line, '[') || sscanf(line, "%" SCNx64 " %c %1023s", &address, &type, name) != 3)
			continue;
		snprintf(distance, sizeof(distance), "%" PRId64 "\n", (int64_t)(address - text));
		distances = hashed(distances, address < text ? "absolute\n" : distance);
		names = hashed(hashed(names, (char[]){ type, ' ', '\0' }), strcat(name, "\n"));
		if (++count % BLOCK == 0)
			printf("%u %016" PRIx64 " %016" PRIx64 "\n", count, names, distances);
	}
	if (count % BLOCK != 0)
		printf("%u %016" PRIx64 " %016" PRIx64 "\n", count, names, distances);
	fclose(symbols);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* A strict reader of ustar archives (POSIX.1-1988). No bytes make it read or write outside the archive and the root. */
#define _GNU_SOURCE
#include "archive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512u

struct ustar_header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
	char type;
	char linkname[100], magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], padding[12];
};

_Static_assert(sizeof(struct ustar_header) == BLOCK, "a header fills a block");

/* The value of octal digits that end with a blank, NUL or the field; UINT64_MAX for anything else. */
static uint64_t octal(const char *field, size_t size)
{
	uint64_t value = 0;
	size_t digits = 0;

	while (digits < size && field[digits] >= '0' && field[digits] <= '7')
		value = value * 8 + (uint64_t)(field[digits++] - '0');
	if (digits == 0 || (digits < size && field[digits] != ' ' && field[digits] != '\0'))
		return UINT64_MAX;
	return value;
}

/* The sum of all bytes of the header, with blanks in place of the sum itself. */
static uint64_t checksum(const struct ustar_header *header)
{
	const uint8_t *bytes = (const uint8_t *)header;
	uint64_t sum = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		bool own = i >= offsetof(struct ustar_header, checksum) &&
		           i < offsetof(struct ustar_header, checksum) + sizeof(header->checksum);

		sum += own ? ' ' : bytes[i];
	}
	return sum;
}

/* Whether the path is relative and has no part that is empty, `.` or `..`. */
static bool is_plain_path(const char *path)
{
	for (const char *part = path;;) {
		size_t length = strcspn(part, "/");

		if (length == 0 || (length == 1 && part[0] == '.') || (length == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		if (part[length] == '\0')
			return true;
		part += length + 1;
	}
}

static bool path_of(const struct ustar_header *header, const char *root, char *path, size_t size)
{
	char name[sizeof(header->prefix) + 1 + sizeof(header->name) + 1];
	size_t length;

	if (header->prefix[0])
		snprintf(name, sizeof(name), "%.*s/%.*s", (int)sizeof(header->prefix), header->prefix, (int)sizeof(header->name),
		         header->name);
	else
		snprintf(name, sizeof(name), "%.*s", (int)sizeof(header->name), header->name);
	length = strlen(name);
	if (length > 1 && name[length - 1] == '/')
		name[length - 1] = '\0';
	return is_plain_path(name) && (size_t)snprintf(path, size, "%s/%s", root, name) < size;
}

static int make_folders(char *path, size_t from)
{
	for (char *slash = strchr(path + from, '/'); slash; slash = strchr(slash + 1, '/')) {
		int made;

		*slash = '\0';
		made = mkdir(path, 0755);
		*slash = '/';
		if (made != 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int write_file(const char *path, mode_t mode, const uint8_t *bytes, uint64_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0755);
	int error = 0;

	if (fd < 0)
		return -errno;
	while (length > 0 && !error) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno != EINTR)
			error = -errno;
		if (written > 0) {
			bytes += written;
			length -= (uint64_t)written;
		}
	}
	close(fd);
	return error;
}

static int unpack_entry(const struct ustar_header *header, const uint8_t *bytes, uint64_t size, const char *root)
{
	char path[PATH_MAX];
	uint64_t mode = octal(header->mode, sizeof(header->mode));
	int error;

	if (!path_of(header, root, path, sizeof(path)) || mode == UINT64_MAX)
		return -EINVAL;
	error = make_folders(path, strlen(root) + 1);
	if (error)
		return error;
	if (header->type == '5')
		return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : -errno;
	return header->type == '0' || header->type == '\0' ? write_file(path, (mode_t)mode, bytes, size) : -EINVAL;
}

int unpack_archive(const uint8_t *bytes, uint32_t length, const char *root)
{
	uint64_t at = 0;

	while (at + BLOCK <= length) {
		struct ustar_header header;
		uint64_t size;
		int error;

		memcpy(&header, bytes + at, BLOCK);
		if (header.name[0] == '\0')
			return 0;
		size = octal(header.size, sizeof(header.size));
		if (memcmp(header.magic, "ustar", sizeof(header.magic)) != 0 ||
		    octal(header.checksum, sizeof(header.checksum)) != checksum(&header))
			return -EINVAL;
		at += BLOCK;
		if (size > length - at)
			return -EINVAL;
		error = unpack_entry(&header, bytes + at, size, root);
		if (error)
			return error;
		at += (size + BLOCK - 1) / BLOCK * BLOCK;
	}
	return -EINVAL;
}

// SPDX-License-Identifier: Apache-2.0
/* Devices on the PCI bus, as sysfs shows them: no device of ours needs a driver. */
#define _GNU_SOURCE
#include "pci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Tests build this file for the host, with a folder of their own. */
#ifndef PCI_DEVICES
#define PCI_DEVICES "/sys/bus/pci/devices"
#endif

int pci_read(const char *directory, const char *name, char *text, size_t size)
{
	char path[512];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	length = read(fd, text, size - 1);
	close(fd);
	if (length < 0)
		return -1;
	text[length] = '\0';
	return 0;
}

static bool has_number(const char *directory, const char *name, unsigned number)
{
	char text[32];

	return pci_read(directory, name, text, sizeof(text)) == 0 && strtoul(text, NULL, 16) == number;
}

bool pci_find(unsigned vendor, unsigned device, char directory[PCI_PATH])
{
	struct dirent *entry;
	bool found = false;
	DIR *devices = opendir(PCI_DEVICES);

	if (!devices)
		return false;
	while (!found && (entry = readdir(devices))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(directory, PCI_PATH, PCI_DEVICES "/%s", entry->d_name);
		found = has_number(directory, "vendor", vendor) && has_number(directory, "device", device);
	}
	closedir(devices);
	if (!found)
		errno = ENODEV;
	return found;
}

int pci_enable(const char *directory)
{
	char path[512];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s/enable", directory);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	/* A driver that holds the device has enabled it. */
	ok = write(fd, "1", 1) == 1 || errno == EBUSY;
	close(fd);
	return ok ? 0 : -1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#ifndef COREMATRIX_PCI_H
#define COREMATRIX_PCI_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes for the path of a device. */
#define PCI_PATH 400

/* Puts the folder of the first device of this kind in sysfs into `directory`. Returns false and sets errno if there is none. */
bool pci_find(unsigned vendor, unsigned device, char directory[PCI_PATH]);
/* Makes the device answer at its addresses. Returns 0, or sets errno and returns -1. */
int pci_enable(const char *directory);
/* Reads a file of the device as a string. Returns 0, or sets errno and returns -1. */
int pci_read(const char *directory, const char *name, char *text, size_t size);

#endif

// SPDX-License-Identifier: Apache-2.0
/*
 * The bell is QEMU's pci-serial: the host receives each byte written to its transmit register. The registers are reached through sysfs,
 * which needs no driver for serial ports and no number of a terminal.
 */
#define _GNU_SOURCE
#include "machine.h"

#include "pci.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#define SERIAL_VENDOR 0x1b36
#define SERIAL_DEVICE 0x0002
/* Registers of an 8250, and their bits. */
#define TRANSMIT 0
#define LINE_CONTROL 3
#define LINE_STATUS 5
#define EIGHT_BITS 0x03
#define TRANSMIT_EMPTY 0x20
/* QEMU empties the register at once, unless the host does not read. Then a byte is lost, but the agent does not hang. */
#define MOST_TRIES 1000000

static int registers = -1;

static int open_registers(void)
{
	char directory[PCI_PATH], path[PCI_PATH + 16];
	/* The transmit register is behind address 0 only without the bit that shows the divisor there. */
	uint8_t control = EIGHT_BITS;

	if (!pci_find(SERIAL_VENDOR, SERIAL_DEVICE, directory))
		return -1;
	if (pci_enable(directory) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/resource0", directory);
	registers = open(path, O_RDWR | O_CLOEXEC);
	if (registers < 0)
		return -1;
	return pwrite(registers, &control, 1, LINE_CONTROL) == 1 ? 0 : -1;
}

const char *bell_open(void)
{
	return open_registers() == 0 ? NULL : "cannot write to the PCI serial port (CONFIG_PCI, CONFIG_SYSFS)";
}

static bool may_transmit(void)
{
	uint8_t status = 0;

	for (int i = 0; i < MOST_TRIES; i++) {
		if (pread(registers, &status, 1, LINE_STATUS) != 1)
			return false;
		if (status & TRANSMIT_EMPTY)
			return true;
	}
	return false;
}

void bell_ring(const char *text, int length)
{
	for (int i = 0; i < length; i++) {
		if (!may_transmit() || pwrite(registers, text + i, 1, TRANSMIT) != 1)
			return;
	}
}

void pause_briefly(void)
{
	__asm__ volatile("yield");
}

// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// An integer that became an enum: tty_driver.type. libbpf does not let an access that was compiled for one read the other.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct tty_driver {
	short type;
};

enum tty_driver_type {
	TTY_DRIVER_TYPE_SYSTEM,
};

struct tty_driver___enum {
	enum tty_driver_type type;
};

struct tty_struct {
	struct tty_driver *driver;
};

#pragma clang attribute pop

int kind;

SEC("fentry/tty_vhangup")
int BPF_PROG(as_integer, struct tty_struct *tty)
{
	kind = BPF_CORE_READ(tty, driver, type);
	return 0;
}

SEC("fentry/tty_vhangup")
int BPF_PROG(as_either, struct tty_struct *tty)
{
	struct tty_driver *driver = BPF_CORE_READ(tty, driver);
	struct tty_driver___enum *newer = (void *)driver;

	if (bpf_core_field_exists(driver->type))
		kind = BPF_CORE_READ(driver, type);
	else
		kind = BPF_CORE_READ(newer, type);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

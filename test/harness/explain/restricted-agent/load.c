// SPDX-License-Identifier: Apache-2.0
/*
 * The load.c of an agent that restricts the guest or itself before it loads an object. The name of the object decides how; with any other
 * name the agent only loads. Tests put the real load.c beside it as really.h.
 */
#define load_object load_really
#include "really.h"
#undef load_object

#include "vmlinux_btf.h"

#include <linux/capability.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		warn("restricted: cannot write to %s: %d", path, -errno);
	if (fd >= 0)
		close(fd);
}

static void lock_down(void)
{
	if (mount("securityfs", "/sys/kernel/security", "securityfs", 0, NULL) != 0)
		warn("restricted: cannot mount securityfs: %d", -errno);
	write_file("/sys/kernel/security/lockdown", "confidentiality");
}

/* Drops all capabilities that are not in the mask, like a container does for root. */
static void keep_capabilities(uint64_t kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ .effective = (uint32_t)kept, .permitted = (uint32_t)kept },
		{ .effective = (uint32_t)(kept >> 32), .permitted = (uint32_t)(kept >> 32) },
	};

	if (syscall(SYS_capset, &header, data) != 0)
		warn("restricted: cannot drop capabilities: %d", -errno);
}

static void keep_none(void)
{
	keep_capabilities(0);
}

/* Capabilities to load programs, without CAP_PERFMON and CAP_SYS_ADMIN. */
static void keep_bpf(void)
{
	keep_capabilities(1ull << CAP_BPF | 1ull << CAP_SYS_RESOURCE | 1ull << CAP_NET_ADMIN);
}

/* Capabilities to load programs, without CAP_NET_ADMIN and CAP_SYS_ADMIN. */
static void keep_tracing(void)
{
	keep_capabilities(1ull << CAP_BPF | 1ull << CAP_SYS_RESOURCE | 1ull << CAP_PERFMON);
}

static void limit_memory(void)
{
	struct rlimit little = { 64 << 10, 64 << 10 };

	if (setrlimit(RLIMIT_MEMLOCK, &little) != 0)
		warn("restricted: cannot lower RLIMIT_MEMLOCK: %d", -errno);
	/* With CAP_SYS_RESOURCE, libbpf would raise the limit again. */
	keep_capabilities(~(1ull << CAP_SYS_RESOURCE) & ((1ull << (CAP_LAST_CAP + 1)) - 1));
}

/* Makes the guest look like a kernel without CONFIG_DEBUG_INFO_BTF. */
static void hide_btf(void)
{
	if (mount("none", "/sys/kernel/btf", "tmpfs", 0, NULL) != 0)
		warn("restricted: cannot hide BTF: %d", -errno);
	keep_vmlinux_btf();
}

static const struct {
	const char *name;
	void (*restrict_it)(void);
} restrictions[] = {
	{ "locked_down", lock_down },     { "no_capabilities", keep_none }, { "no_perfmon", keep_bpf },
	{ "no_net_admin", keep_tracing }, { "no_memlock", limit_memory },   { "no_kernel_btf", hide_btf },
};

void load_object(const char *name, const void *bytes, uint32_t length)
{
	for (size_t i = 0; i < sizeof(restrictions) / sizeof(restrictions[0]); i++)
		if (strncmp(name, restrictions[i].name, strlen(restrictions[i].name)) == 0)
			restrictions[i].restrict_it();
	load_really(name, bytes, length);
}

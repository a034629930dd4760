// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Probes of every kind, with targets in their section names or in a plan.
SEC("uprobe//trigger/0/poked:poke_here")
int by_section(void *context)
{
	return 0;
}

SEC("uprobe")
int by_plan(void *context)
{
	return 0;
}

SEC("uretprobe")
int on_return(void *context)
{
	return 0;
}

SEC("uprobe")
int by_offset(void *context)
{
	return 0;
}

SEC("uprobe")
int no_function(void *context)
{
	return 0;
}

SEC("uprobe")
int no_file(void *context)
{
	return 0;
}

SEC("ksyscall/openat")
int syscall_by_section(void *context)
{
	return 0;
}

SEC("ksyscall")
int syscall_by_plan(void *context)
{
	return 0;
}

SEC("kretsyscall")
int syscall_return(void *context)
{
	return 0;
}

SEC("ksyscall")
int no_syscall(void *context)
{
	return 0;
}

SEC("kprobe.multi/tcp_v4_connec*")
int multi_by_section(void *context)
{
	return 0;
}

SEC("kprobe.multi")
int multi_by_plan(void *context)
{
	return 0;
}

SEC("kretprobe.multi")
int multi_return(void *context)
{
	return 0;
}

SEC("kprobe.multi")
int multi_nothing(void *context)
{
	return 0;
}

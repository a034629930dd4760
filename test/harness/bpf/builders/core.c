// SPDX-License-Identifier: Apache-2.0
// One read through a CO-RE relocation and one map, for compilers that have no headers.
#define SEC(name) __attribute__((section(name), used))
struct task_struct {
	int pid;
	int tgid;
} __attribute__((preserve_access_index));
struct {
	int (*type)[2];
	int (*max_entries)[1];
	int *key;
	long *value;
} seen SEC(".maps");
static void *(*look_up)(void *map, const void *key) = (void *)1;
static long (*read_kernel)(void *to, unsigned int size, const void *from) = (void *)113;

SEC("raw_tp/sched_process_exec") int reads(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[0];
	int tgid = 0, key = 0;
	read_kernel(&tgid, sizeof(tgid), __builtin_preserve_access_index(&task->tgid));
	long *value = look_up(&seen, &key);
	if (value)
		*value = tgid;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

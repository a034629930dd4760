// SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
// Memory that the program shares with the Go program: an arena, of which it allocates a page.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 16);
} pages SEC(".maps");

extern void *bpf_arena_alloc_pages(void *map, void *address, __u32 count, int node, __u64 flags) __ksym;

int allocated;

SEC("syscall")
int allocate(void *context)
{
	allocated = bpf_arena_alloc_pages(&pages, NULL, 1, -1, 0) != NULL;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

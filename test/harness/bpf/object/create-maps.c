// SPDX-License-Identifier: Apache-2.0
/* Creates one map for each line `TYPE KEY VALUE ENTRIES FLAGS` of shapes.txt, and prints each error number. */
#include <linux/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
	FILE *shapes = fopen("shapes.txt", "r");
	unsigned int type, key, value, entries, flags;

	if (!shapes)
		return 1;
	while (fscanf(shapes, "%u %u %u %u %u", &type, &key, &value, &entries, &flags) == 5) {
		union bpf_attr attr;
		long fd;

		memset(&attr, 0, sizeof(attr));
		attr.map_type = type;
		attr.key_size = key;
		attr.value_size = value;
		attr.max_entries = entries;
		attr.map_flags = flags;
		fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
		printf("%d\n", fd < 0 ? errno : 0);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

// Accesses that some kernels lack, one program each, written for a kernel that has them.

const TYPES = `
#define access_index __attribute__((preserve_access_index))
typedef __u8 u8; typedef __u16 u16; typedef __u32 u32; typedef __u64 u64;
typedef struct { long long counter; } atomic64_t;
typedef atomic64_t atomic_long_t;
struct timespec64 { long long tv_sec; long tv_nsec; } access_index;
struct list_head { struct list_head *next, *prev; } access_index;
struct hlist_head { struct hlist_node *first; } access_index;
struct rb_root { struct rb_node *rb_node; } access_index;
struct hd_struct { int partno; } access_index;
struct percpu_counter { long long count; } access_index;
struct mm_rss_stat { atomic64_t count[4]; } access_index;
struct module_layout { void *base; unsigned int size; } access_index;
typedef struct { u32 cap[2]; } access_index kernel_cap_t;
typedef struct { int counter; } atomic_t;
typedef struct { atomic_t refs; } refcount_t;
struct disk_part_tbl { int len; } access_index;
struct io_cqe { int res; } access_index;
enum tty_driver_type { TTY_DRIVER_TYPE_SYSTEM };
`;

export interface WrittenAccess {
  /** Struct, its declared members, and the path to the value from a pointer to the struct; `&PATH` takes the address. */
  type: string;
  members: string;
  path: string;
}

const written = (type: string, members: string, path: string): WrittenAccess => ({ type, members, path });

/** Keyed by the name of the program. */
export const ACCESSES: Readonly<Record<string, WrittenAccess>> = {
  task_state: written('task_struct', 'volatile long state;', 'state'),
  task_state_new: written('task_struct', 'unsigned int __state;', '__state'),
  task_cpu: written('task_struct', 'unsigned int cpu;', 'cpu'),
  request_disk: written('request', 'struct gendisk *rq_disk;', 'rq_disk'),
  request_part: written('request', 'struct hd_struct *part;', 'part'),
  partition_number: written('hd_struct', 'int partno;', 'partno'),
  block_device_partno: written('block_device', 'u8 bd_partno;', 'bd_partno'),
  queue_bdi: written('request_queue', 'struct backing_dev_info *backing_dev_info;', 'backing_dev_info'),
  rss_stat: written('mm_struct', 'struct mm_rss_stat rss_stat;', 'rss_stat.count[1].counter'),
  rss_stat_new: written('mm_struct', 'struct percpu_counter rss_stat[4];', 'rss_stat[1].count'),
  mm_mmap: written('mm_struct', 'struct vm_area_struct *mmap;', 'mmap'),
  vma_next: written('vm_area_struct', 'struct vm_area_struct *vm_next;', 'vm_next'),
  core_layout: written('module', 'struct module_layout core_layout;', 'core_layout.size'),
  inode_ctime: written('inode', 'struct timespec64 i_ctime;', 'i_ctime.tv_sec'),
  inode_ctime_nsec: written('inode', 'struct timespec64 i_ctime;', 'i_ctime.tv_nsec'),
  inode_mtime: written('inode', 'struct timespec64 i_mtime;', 'i_mtime.tv_sec'),
  inode_atime_new: written('inode', 'long long i_atime_sec;', 'i_atime_sec'),
  kernfs_parent: written('kernfs_node', 'struct kernfs_node *parent;', 'parent'),
  cgroup_ancestors: written('cgroup', 'u64 ancestor_ids[0];', 'ancestor_ids[0]'),
  inet_freebind: written('inet_sock', 'u8 freebind : 1;', 'freebind'),
  skb_vlan: written('sk_buff', 'u8 vlan_present : 1;', 'vlan_present'),
  skb_delivery: written('sk_buff', 'u8 mono_delivery_time : 1;', 'mono_delivery_time'),
  file_count: written('file', 'atomic_long_t f_count;', 'f_count.counter'),
  dentry_subdirs: written('dentry', 'struct list_head d_subdirs;', 'd_subdirs.next'),
  dentry_child: written('dentry', 'struct list_head d_child;', 'd_child.next'),
  dentry_iname: written('dentry', 'unsigned char d_iname[32];', 'd_iname[0]'),
  rq_running: written('cfs_rq', 'unsigned int nr_running;', 'nr_running'),
  fops_iterate: written('file_operations', 'void *iterate;', 'iterate'),
  iov_type: written('iov_iter', 'unsigned int type;', 'type'),
  iov_iov: written('iov_iter', 'const struct iovec *iov;', 'iov'),
  tty_type: written('tty_driver', 'short type;', 'type'),
  tty_type_new: written('tty_driver', 'enum tty_driver_type type;', 'type'),
  fsnotify_priority: written('fsnotify_group', 'unsigned int priority;', 'priority'),
  namespace_count: written('ns_common', 'refcount_t count;', 'count.refs.counter'),
  net_cookie: written('net', 'atomic64_t net_cookie;', 'net_cookie.counter'),
  subreaper: written('signal_struct', 'u8 is_child_subreaper;', 'is_child_subreaper'),
  disk_partitions: written('gendisk', 'struct disk_part_tbl *part_tbl;', 'part_tbl'),
  request_result: written('io_kiocb', 'int result;', 'result'),
  mm_semaphore: written('mm_struct', 'struct { atomic_long_t count; } mmap_sem;', 'mmap_sem.count.counter'),
  real_start_time: written('task_struct', 'u64 real_start_time;', 'real_start_time'),
  block_completed: written('trace_event_raw_block_rq_complete', 'u32 dev;', 'dev'),
  kmem_allocated: written('trace_event_raw_kmem_alloc', 'u64 bytes_req;', 'bytes_req'),
  trie_key: written('bpf_lpm_trie_key', 'u32 prefixlen;', 'prefixlen'),
  rename_map: written('renamedata', 'struct mnt_idmap *old_mnt_idmap;', 'old_mnt_idmap'),
  table_child: written('ctl_table', 'struct ctl_table *child;', 'child'),
  never_there: written('task_struct', 'int favourite_colour;', 'favourite_colour'),
};

/** C source with one raw tracepoint program for each access, which reads the value. */
export function sourceOf(accesses: Readonly<Record<string, WrittenAccess>>): string {
  const programs = Object.entries(accesses).map(([name, { type, members, path }]) => {
    const flavor = `${type}___${name}`;
    const macro = / : \d/.test(members) ? 'BPF_CORE_READ_BITFIELD_PROBED' : 'BPF_CORE_READ';
    const read = path.startsWith('&') ? `&from->${path.slice(1)}` : `${macro}(from, ${path})`;
    return `struct ${flavor} { ${members} } access_index;
SEC("raw_tp/sched_switch") int ${name}(u64 *ctx)
{
	struct ${flavor} *from = (void *)ctx[0];
	seen = (u64)${read};
	return 0;
}`;
  });
  return `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
${TYPES}
u64 seen;
${programs.join('\n')}
char LICENSE[] SEC("license") = "GPL";
`;
}

/** C source with a program that only uses a snippet. */
export function sourceUsing(snippet: string): string {
  const calls = [...snippet.matchAll(/^static __always_inline ([\w *]*?\*?)(\w+)\(([^)]*)\)$/gm)].map(
    ([, type, name = '', parameters = '']) => {
      if (type === 'const char *') return `	seen += *${name}();`;
      if (parameters === 'void') return `	seen += (__u64)${name}();`;
      return parameters.startsWith('void *to')
        ? `	seen += ${name}(bytes, sizeof(bytes), (void *)ctx[0]);`
        : `	seen += (__u64)${name}((void *)ctx[0]);`;
    },
  );
  return `#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

${snippet}

__u64 seen;
char bytes[8];

SEC("raw_tp/sched_switch")
int use_it(__u64 *ctx)
{
${calls.join('\n')}
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
`;
}

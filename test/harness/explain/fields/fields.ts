// Fields of real kernels that changed between 5.10, 6.1, 6.12 and 7.3, each with the forms that hold the same value, written by hand from
// the sources of the kernels.
import type { WrittenAccess } from '../accesses.ts';

/** How a field changed. */
export const FIELD_KINDS = [
  'bit of a word',
  'part of a word',
  'array element',
  'address',
  'through another type',
  'split',
  'joined',
  'merged',
  'behind a pointer',
  'moved inside',
  'sign or size',
  'reference count',
  'percpu',
] as const;

export type FieldKind = (typeof FIELD_KINDS)[number];

export interface FieldCase {
  kind: FieldKind;
  access: WrittenAccess;
  /**
   * Forms of the value, the most specific first; a kernel has the first whose path it has. `a.b[1]`, `a->b`, `a bit 3`, `a bits 8-15`,
   * `a != 0`, `a == 1`, `a + 1` (0 if negative), `&a`. A kernel with none of them lacks the value.
   */
  forms: readonly string[];
  /** True if the program reads the number as signed, whatever its type in the kernel is. */
  signed: boolean;
}

interface Written {
  /** The declaration of the member; for a path, of its first member. */
  members: string;
  path: string;
  /** The forms on other kernels; the path itself is the last form. */
  others?: readonly string[];
  signed?: boolean;
}

const cases = (kind: FieldKind, type: string, written: readonly Written[]): FieldCase[] =>
  written.map(({ members, path, others = [], signed = false }) => ({
    kind,
    access: { type, members, path },
    forms: [...others, path],
    signed,
  }));

const inetBit = (name: string, bit: number): Written => ({ members: `u8 ${name} : 1;`, path: name, others: [`inet_flags bit ${bit}`] });

const capability = (set: string, half: 0 | 1): Written => ({
  members: `kernel_cap_t ${set};`,
  path: `${set}.cap[${half}]`,
  others: [`${set}.val bits ${half === 0 ? '0-31' : '32-63'}`],
});

const time = (name: string, part: 'sec' | 'nsec'): Written => ({
  members: `struct timespec64 ${name};`,
  path: `${name}.tv_${part}`,
  others: [`__${name}.tv_${part}`, `${name}_${part}`],
});

export const FIELDS: readonly FieldCase[] = [
  ...cases('bit of a word', 'inet_sock', [
    inetBit('recverr', 9),
    inetBit('hdrincl', 12),
    inetBit('mc_loop', 13),
    inetBit('mc_all', 14),
    inetBit('nodefrag', 17),
    inetBit('bind_address_no_port', 18),
    inetBit('defer_connect', 19),
  ]),
  ...cases('bit of a word', 'ipv6_pinfo', [{ members: 'u16 recverr : 1;', path: 'recverr' }]),
  ...cases('bit of a word', 'block_device', [{ members: '_Bool bd_read_only;', path: 'bd_read_only' }]),
  ...cases('bit of a word', 'tty_struct', [
    { members: 'unsigned long packet : 1;', path: 'packet', others: ['ctrl.packet'] },
    { members: 'unsigned long stopped : 1;', path: 'stopped', others: ['flow.stopped'] },
  ]),
  ...cases('bit of a word', 'net_device', [
    { members: 'unsigned wol_enabled : 1;', path: 'wol_enabled', others: ['ethtool->wol_enabled'] },
    { members: 'unsigned long netns_local : 1;', path: 'netns_local', others: ['netns_immutable'] },
  ]),
  ...cases('part of a word', 'cred', [
    capability('cap_permitted', 0),
    capability('cap_inheritable', 1),
    capability('cap_bset', 1),
    capability('cap_ambient', 0),
  ]),
  ...cases('part of a word', 'cred', [{ members: 'struct { u64 val; } cap_effective;', path: 'cap_effective.val' }]),
  ...cases('array element', 'dentry', [{ members: 'unsigned char d_iname[32];', path: 'd_iname[5]', others: ['d_shortname.string[5]'] }]),
  ...cases('array element', 'cgroup', [{ members: 'u64 ancestor_ids[3];', path: 'ancestor_ids[1]', others: ['ancestors[1]->kn->id'] }]),
  ...cases('array element', 'net_device', [
    { members: 'struct xps_dev_maps *xps_cpus_map;', path: 'xps_cpus_map', others: ['xps_maps[0]'] },
  ]),
  ...cases('array element', 'skb_shared_info', [
    { members: 'struct { unsigned int bv_len; } frags[17];', path: 'frags[1].bv_len', others: ['frags[1].len'] },
    { members: 'struct { void *bv_page; } frags[17];', path: 'frags[1].bv_page' },
  ]),
  ...cases('array element', 'module', [{ members: 'struct module_layout core_layout;', path: 'core_layout.base' }]),
  ...cases('address', 'folio', [{ members: 'struct page { int first; } page;', path: '&page' }]),
  ...cases('address', 'dentry', [{ members: 'unsigned char d_iname[32];', path: '&d_iname', others: ['&d_shortname.string'] }]),
  ...cases('address', 'inode', [
    { members: 'struct timespec64 i_mtime;', path: '&i_mtime', others: ['&__i_mtime'] },
    { members: 'struct timespec64 i_mtime;', path: '&i_mtime.tv_sec', others: ['&__i_mtime.tv_sec', '&i_mtime_sec'] },
  ]),
  ...cases('address', 'task_struct', [{ members: 'volatile long state;', path: '&state' }]),
  ...cases('address', 'io_kiocb', [{ members: 'int result;', path: '&result', others: ['&cqe.res'] }]),
  ...cases('address', 'cred', [{ members: 'kernel_cap_t cap_bset;', path: '&cap_bset.cap[1]' }]),
  ...cases('address', 'cfs_rq', [{ members: 'unsigned int nr_running;', path: '&nr_running', others: ['&nr_queued'] }]),
  ...cases('through another type', 'kernfs_node', [{ members: 'struct kernfs_node *parent;', path: 'parent', others: ['__parent'] }]),
  ...cases('through another type', 'hd_struct', [{ members: 'u64 start_sect;', path: 'start_sect' }]),
  ...cases('through another type', 'trace_event_raw_block_rq_complete', [{ members: 'int error;', path: 'error' }]),
  ...cases('through another type', 'bpf_lpm_trie_key', [{ members: 'u32 prefixlen;', path: 'prefixlen' }]),
  ...cases('through another type', 'net', [{ members: 'atomic64_t net_cookie;', path: 'net_cookie.counter', others: ['net_cookie'] }]),
  ...cases('through another type', 'worker_pool', [
    { members: 'atomic_t nr_running;', path: 'nr_running.counter', others: ['nr_running'] },
  ]),
  ...cases('through another type', 'iov_iter', [{ members: 'const struct iovec *iov;', path: 'iov', others: ['__iov'] }]),
  ...cases('split', 'inode', [time('i_mtime', 'sec'), time('i_mtime', 'nsec'), time('i_atime', 'sec'), time('i_atime', 'nsec')]),
  ...cases('split', 'iov_iter', [{ members: 'unsigned int type;', path: 'type' }]),
  ...cases('split', 'file_operations', [{ members: 'void *iterate;', path: 'iterate' }]),
  ...cases('joined', 'inode', [
    { members: 'u32 i_ctime_nsec;', path: 'i_ctime_nsec', others: ['i_ctime.tv_nsec', '__i_ctime.tv_nsec'] },
    { members: 'long long i_mtime_sec;', path: 'i_mtime_sec', others: ['i_mtime.tv_sec', '__i_mtime.tv_sec'] },
    { members: 'long long i_atime_sec;', path: 'i_atime_sec', others: ['i_atime.tv_sec', '__i_atime.tv_sec'] },
  ]),
  ...cases('merged', 'block_device', [{ members: 'u8 bd_partno;', path: 'bd_partno', others: ['__bd_flags.counter bits 0-7'] }]),
  ...cases('merged', 'bio', [
    { members: 'u8 bi_partno;', path: 'bi_partno', others: ['bi_bdev->__bd_flags.counter bits 0-7', 'bi_bdev->bd_partno'] },
  ]),
  ...cases('merged', 'sk_buff', [
    { members: 'u8 vlan_present : 1;', path: 'vlan_present', others: ['vlan_present', 'vlan_all != 0'] },
    { members: 'u8 mono_delivery_time : 1;', path: 'mono_delivery_time', others: ['mono_delivery_time', 'tstamp_type == 1'] },
  ]),
  ...cases('behind a pointer', 'request', [{ members: 'struct gendisk *rq_disk;', path: 'rq_disk', others: ['rq_disk', 'q->disk'] }]),
  ...cases('behind a pointer', 'bio', [{ members: 'struct gendisk *bi_disk;', path: 'bi_disk', others: ['bi_bdev->bd_disk'] }]),
  ...cases('behind a pointer', 'request_queue', [
    { members: 'struct backing_dev_info *backing_dev_info;', path: 'backing_dev_info', others: ['backing_dev_info', 'disk->bdi'] },
    { members: 'unsigned int nr_zones;', path: 'nr_zones', others: ['disk->nr_zones'] },
  ]),
  ...cases('behind a pointer', 'block_device', [
    { members: 'struct backing_dev_info *bd_bdi;', path: 'bd_bdi', others: ['bd_bdi', 'bd_disk->bdi'] },
  ]),
  ...cases('behind a pointer', 'file', [
    { members: 'struct { int signum; } f_owner;', path: 'f_owner.signum', others: ['f_owner.signum', 'f_owner->signum'] },
  ]),
  ...cases('behind a pointer', 'super_block', [
    { members: 'struct { int seeks; } s_shrink;', path: 's_shrink.seeks', others: ['s_shrink.seeks', 's_shrink->seeks'] },
  ]),
  ...cases('behind a pointer', 'bpf_prog_aux', [
    { members: 'struct bpf_prog_stats *stats;', path: 'stats', others: ['stats', 'prog->stats'] },
  ]),
  ...cases('behind a pointer', 'bpf_map', [{ members: 'int spin_lock_off;', path: 'spin_lock_off' }]),
  ...cases('moved inside', 'file_lock', [
    { members: 'unsigned int fl_pid;', path: 'fl_pid', others: ['c.flc_pid'] },
    { members: 'unsigned char fl_type;', path: 'fl_type', others: ['c.flc_type'] },
    { members: 'struct file *fl_file;', path: 'fl_file', others: ['c.flc_file'] },
  ]),
  ...cases('moved inside', 'device', [{ members: 'struct irq_domain *msi_domain;', path: 'msi_domain', others: ['msi.domain'] }]),
  ...cases('moved inside', 'task_struct', [
    { members: 'unsigned int cpu;', path: 'cpu', others: ['thread_info.cpu'] },
    { members: 'struct { struct { u64 wait_sum; } statistics; } se;', path: 'se.statistics.wait_sum', others: ['stats.wait_sum'] },
  ]),
  ...cases('moved inside', 'io_kiocb', [{ members: 'int result;', path: 'result', others: ['cqe.res'], signed: true }]),
  ...cases('moved inside', 'inet_sock', [{ members: 'int rx_dst_ifindex;', path: 'rx_dst_ifindex', others: ['sk.sk_rx_dst_ifindex'] }]),
  ...cases('sign or size', 'task_struct', [
    { members: 'volatile long state;', path: 'state', others: ['__state'] },
    { members: 'unsigned int __state;', path: '__state', others: ['state'] },
  ]),
  ...cases('sign or size', 'inode', [{ members: 'unsigned long i_state;', path: 'i_state', others: ['i_state.__state'] }]),
  ...cases('sign or size', 'page', [
    { members: 'unsigned long flags;', path: 'flags', others: ['flags.f'] },
    { members: 'struct mem_cgroup *mem_cgroup;', path: 'mem_cgroup' },
    { members: 'unsigned long index;', path: 'index', others: ['__folio_index'] },
  ]),
  ...cases('sign or size', 'mm_struct', [{ members: 'unsigned long flags;', path: 'flags' }]),
  ...cases('sign or size', 'swap_info_struct', [{ members: 'unsigned int inuse_pages;', path: 'inuse_pages' }]),
  ...cases('sign or size', 'ns_common', [{ members: 'atomic_long_t stashed;', path: 'stashed.counter' }]),
  ...cases('sign or size', 'net_device', [{ members: 'enum { REGISTERED_STATE } reg_state : 8;', path: 'reg_state' }]),
  ...cases('sign or size', 'tty_driver', [{ members: 'short type;', path: 'type' }]),
  ...cases('sign or size', 'bio', [{ members: 'unsigned short bi_write_hint;', path: 'bi_write_hint' }]),
  ...cases('sign or size', 'mnt_namespace', [{ members: 'unsigned int mounts;', path: 'mounts', others: ['nr_mounts'] }]),
  ...cases('sign or size', 'inet_sock', [{ members: 'u16 cmsg_flags;', path: 'cmsg_flags' }]),
  ...cases('reference count', 'dst_entry', [
    { members: 'atomic_t __refcnt;', path: '__refcnt.counter', others: ['__refcnt.counter', '__rcuref.refcnt.counter + 1'] },
  ]),
  ...cases('reference count', 'ucounts', [
    { members: 'atomic_t count;', path: 'count.counter', others: ['count.counter', 'count.refcnt.counter + 1', 'count'] },
  ]),
  ...cases('reference count', 'file', [
    { members: 'atomic_long_t f_count;', path: 'f_count.counter', others: ['f_count.counter', 'f_ref.refcnt.counter + 1'] },
  ]),
  ...cases('reference count', 'request', [{ members: 'refcount_t ref;', path: 'ref.refs.counter', others: ['ref.counter'] }]),
  ...cases('reference count', 'nsproxy', [{ members: 'atomic_t count;', path: 'count.counter', others: ['count.refs.counter'] }]),
  ...cases('reference count', 'group_info', [{ members: 'atomic_t usage;', path: 'usage.counter', others: ['usage.refs.counter'] }]),
  ...cases('reference count', 'cgroup_namespace', [
    { members: 'refcount_t count;', path: 'count.refs.counter', others: ['ns.count.refs.counter', 'ns.__ns_ref.refs.counter'] },
  ]),
  ...cases('reference count', 'user_namespace', [
    { members: 'atomic_t count;', path: 'count.counter', others: ['ns.count.refs.counter', 'ns.__ns_ref.refs.counter'] },
  ]),
  ...cases('percpu', 'mm_struct', [
    { members: 'struct mm_rss_stat rss_stat;', path: 'rss_stat.count[2].counter', others: ['rss_stat[2].count'] },
    { members: 'struct mm_cid *pcpu_cid;', path: 'pcpu_cid' },
  ]),
  ...cases('percpu', 'user_struct', [{ members: 'atomic_long_t epoll_watches;', path: 'epoll_watches.counter' }]),
  ...cases('percpu', 'net_device', [{ members: 'atomic_long_t rx_dropped;', path: 'rx_dropped.counter' }]),
  ...cases('percpu', 'zone', [{ members: 'struct per_cpu_pageset *pageset;', path: 'pageset' }]),
  ...cases('percpu', 'kmem_cache', [{ members: 'struct kmem_cache_cpu *cpu_slab;', path: 'cpu_slab' }]),
  ...cases('percpu', 'workqueue_struct', [{ members: 'struct pool_workqueue *cpu_pwqs;', path: 'cpu_pwqs' }]),
  ...cases('percpu', 'cgroup', [{ members: 'struct cgroup_rstat_cpu *rstat_cpu;', path: 'rstat_cpu' }]),
  ...cases('percpu', 'bpf_prog', [{ members: 'int *active;', path: 'active' }]),
];

/** `cred.cap_bset.cap[1]`, `&folio.page`. */
export function fieldName({ access: { type, path } }: FieldCase): string {
  return path.startsWith('&') ? `&${type}.${path.slice(1)}` : `${type}.${path}`;
}

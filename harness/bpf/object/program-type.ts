// Finds the type of a program from the name of its section, as libbpf does.

/**
 * Program types by number, as libbpf names them.
 * @see enum bpf_prog_type in include/uapi/linux/bpf.h, prog_type_name in libbpf.c
 */
export const PROGRAM_TYPES = [
  'unspec',
  'socket_filter',
  'kprobe',
  'sched_cls',
  'sched_act',
  'tracepoint',
  'xdp',
  'perf_event',
  'cgroup_skb',
  'cgroup_sock',
  'lwt_in',
  'lwt_out',
  'lwt_xmit',
  'sock_ops',
  'sk_skb',
  'cgroup_device',
  'sk_msg',
  'raw_tracepoint',
  'cgroup_sock_addr',
  'lwt_seg6local',
  'lirc_mode2',
  'sk_reuseport',
  'flow_dissector',
  'cgroup_sysctl',
  'raw_tracepoint_writable',
  'cgroup_sockopt',
  'tracing',
  'struct_ops',
  'ext',
  'lsm',
  'sk_lookup',
  'syscall',
  'netfilter',
] as const;

export type ProgramType = (typeof PROGRAM_TYPES)[number];

/** Section prefixes with their program types; a longer prefix comes before one that it begins with. */
const SECTION_TYPES: readonly (readonly [string, string])[] = [
  ['socket', 'socket_filter'],
  ['sk_reuseport', 'sk_reuseport'],
  ['kprobe', 'kprobe'],
  ['kretprobe', 'kprobe'],
  ['uprobe', 'kprobe'],
  ['uretprobe', 'kprobe'],
  ['ksyscall', 'kprobe'],
  ['kretsyscall', 'kprobe'],
  ['usdt', 'kprobe'],
  ['tc', 'sched_cls'],
  ['tcx', 'sched_cls'],
  ['netkit', 'sched_cls'],
  ['classifier', 'sched_cls'],
  ['action', 'sched_act'],
  ['tracepoint', 'tracepoint'],
  ['tp', 'tracepoint'],
  ['raw_tracepoint.w', 'raw_tracepoint_writable'],
  ['raw_tp.w', 'raw_tracepoint_writable'],
  ['raw_tracepoint', 'raw_tracepoint'],
  ['raw_tp', 'raw_tracepoint'],
  ['tp_btf', 'tracing'],
  ['fentry', 'tracing'],
  ['fmod_ret', 'tracing'],
  ['fexit', 'tracing'],
  ['iter', 'tracing'],
  ['freplace', 'ext'],
  ['lsm_cgroup', 'lsm'],
  ['lsm', 'lsm'],
  ['syscall', 'syscall'],
  ['xdp', 'xdp'],
  ['perf_event', 'perf_event'],
  ['lwt_in', 'lwt_in'],
  ['lwt_out', 'lwt_out'],
  ['lwt_xmit', 'lwt_xmit'],
  ['lwt_seg6local', 'lwt_seg6local'],
  ['sockops', 'sock_ops'],
  ['sk_skb', 'sk_skb'],
  ['sk_msg', 'sk_msg'],
  ['lirc_mode2', 'lirc_mode2'],
  ['flow_dissector', 'flow_dissector'],
  ['cgroup_skb', 'cgroup_skb'],
  ['cgroup/skb', 'cgroup_skb'],
  ['cgroup/dev', 'cgroup_device'],
  ['cgroup/sysctl', 'cgroup_sysctl'],
  ['cgroup/getsockopt', 'cgroup_sockopt'],
  ['cgroup/setsockopt', 'cgroup_sockopt'],
  ['cgroup/sock', 'cgroup_sock'],
  ['cgroup/post_bind', 'cgroup_sock'],
  ['cgroup/', 'cgroup_sock_addr'],
  ['sk_lookup', 'sk_lookup'],
  ['struct_ops', 'struct_ops'],
  ['netfilter', 'netfilter'],
];

function matches(section: string, prefix: string): boolean {
  if (!section.startsWith(prefix)) return false;
  const next = section[prefix.length];
  // `kprobe.multi/`, `fentry.s/` and `raw_tp+` are variants of the same type.
  return next === undefined || prefix.endsWith('/') || next === '/' || next === '.' || next === '+';
}

/**
 * The program type of a section name; null if libbpf does not know the name, or only a libbpf newer than this table does.
 * A leading `?` only means that the program is not loaded by default.
 * @see section_defs in libbpf's libbpf.c
 */
export function programTypeOf(section: string): string | null {
  const name = section.replace(/^\?/, '');
  return SECTION_TYPES.find(([prefix]) => matches(name, prefix))?.[1] ?? null;
}

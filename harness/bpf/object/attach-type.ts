// Attach types, as libbpf names them, and the program types that have them.
import { PROGRAM_TYPES, type ProgramType } from './program-type.ts';

/**
 * By number.
 * @see enum bpf_attach_type in include/uapi/linux/bpf.h, attach_type_name in libbpf.c
 */
export const ATTACH_TYPES = [
  'cgroup_inet_ingress',
  'cgroup_inet_egress',
  'cgroup_inet_sock_create',
  'cgroup_sock_ops',
  'sk_skb_stream_parser',
  'sk_skb_stream_verdict',
  'cgroup_device',
  'sk_msg_verdict',
  'cgroup_inet4_bind',
  'cgroup_inet6_bind',
  'cgroup_inet4_connect',
  'cgroup_inet6_connect',
  'cgroup_inet4_post_bind',
  'cgroup_inet6_post_bind',
  'cgroup_udp4_sendmsg',
  'cgroup_udp6_sendmsg',
  'lirc_mode2',
  'flow_dissector',
  'cgroup_sysctl',
  'cgroup_udp4_recvmsg',
  'cgroup_udp6_recvmsg',
  'cgroup_getsockopt',
  'cgroup_setsockopt',
  'trace_raw_tp',
  'trace_fentry',
  'trace_fexit',
  'modify_return',
  'lsm_mac',
  'trace_iter',
  'cgroup_inet4_getpeername',
  'cgroup_inet6_getpeername',
  'cgroup_inet4_getsockname',
  'cgroup_inet6_getsockname',
  'xdp_devmap',
  'cgroup_inet_sock_release',
  'xdp_cpumap',
  'sk_lookup',
  'xdp',
  'sk_skb_verdict',
  'sk_reuseport_select',
  'sk_reuseport_select_or_migrate',
  'perf_event',
  'trace_kprobe_multi',
  'lsm_cgroup',
  'struct_ops',
  'netfilter',
  'tcx_ingress',
  'tcx_egress',
  'trace_uprobe_multi',
  'cgroup_unix_connect',
  'cgroup_unix_sendmsg',
  'cgroup_unix_recvmsg',
  'cgroup_unix_getpeername',
  'cgroup_unix_getsockname',
  'netkit_primary',
  'netkit_peer',
  'trace_kprobe_session',
  'trace_uprobe_session',
  'trace_fsession',
] as const;

export type AttachType = (typeof ATTACH_TYPES)[number];

/**
 * The program types that have each attach type.
 * @see attach_type_to_prog_type() and bpf_prog_load_check_attach() in kernel/bpf/syscall.c, section_defs in libbpf.c
 */
const PROGRAM_TYPES_WITH = {
  cgroup_inet_ingress: ['cgroup_skb'],
  cgroup_inet_egress: ['cgroup_skb'],
  cgroup_inet_sock_create: ['cgroup_sock'],
  cgroup_sock_ops: ['sock_ops'],
  sk_skb_stream_parser: ['sk_skb'],
  sk_skb_stream_verdict: ['sk_skb'],
  cgroup_device: ['cgroup_device'],
  sk_msg_verdict: ['sk_msg'],
  cgroup_inet4_bind: ['cgroup_sock_addr'],
  cgroup_inet6_bind: ['cgroup_sock_addr'],
  cgroup_inet4_connect: ['cgroup_sock_addr'],
  cgroup_inet6_connect: ['cgroup_sock_addr'],
  cgroup_inet4_post_bind: ['cgroup_sock'],
  cgroup_inet6_post_bind: ['cgroup_sock'],
  cgroup_udp4_sendmsg: ['cgroup_sock_addr'],
  cgroup_udp6_sendmsg: ['cgroup_sock_addr'],
  lirc_mode2: ['lirc_mode2'],
  flow_dissector: ['flow_dissector'],
  cgroup_sysctl: ['cgroup_sysctl'],
  cgroup_udp4_recvmsg: ['cgroup_sock_addr'],
  cgroup_udp6_recvmsg: ['cgroup_sock_addr'],
  cgroup_getsockopt: ['cgroup_sockopt'],
  cgroup_setsockopt: ['cgroup_sockopt'],
  trace_raw_tp: ['tracing'],
  trace_fentry: ['tracing'],
  trace_fexit: ['tracing'],
  modify_return: ['tracing'],
  lsm_mac: ['lsm'],
  trace_iter: ['tracing'],
  cgroup_inet4_getpeername: ['cgroup_sock_addr'],
  cgroup_inet6_getpeername: ['cgroup_sock_addr'],
  cgroup_inet4_getsockname: ['cgroup_sock_addr'],
  cgroup_inet6_getsockname: ['cgroup_sock_addr'],
  xdp_devmap: ['xdp'],
  cgroup_inet_sock_release: ['cgroup_sock'],
  xdp_cpumap: ['xdp'],
  sk_lookup: ['sk_lookup'],
  xdp: ['xdp'],
  sk_skb_verdict: ['sk_skb'],
  sk_reuseport_select: ['sk_reuseport'],
  sk_reuseport_select_or_migrate: ['sk_reuseport'],
  perf_event: ['kprobe', 'tracepoint', 'perf_event'],
  trace_kprobe_multi: ['kprobe'],
  lsm_cgroup: ['lsm'],
  struct_ops: ['struct_ops'],
  netfilter: ['netfilter'],
  tcx_ingress: ['sched_cls'],
  tcx_egress: ['sched_cls'],
  trace_uprobe_multi: ['kprobe'],
  cgroup_unix_connect: ['cgroup_sock_addr'],
  cgroup_unix_sendmsg: ['cgroup_sock_addr'],
  cgroup_unix_recvmsg: ['cgroup_sock_addr'],
  cgroup_unix_getpeername: ['cgroup_sock_addr'],
  cgroup_unix_getsockname: ['cgroup_sock_addr'],
  netkit_primary: ['sched_cls'],
  netkit_peer: ['sched_cls'],
  trace_kprobe_session: ['kprobe'],
  trace_uprobe_session: ['kprobe'],
  trace_fsession: ['tracing'],
} as const satisfies Record<AttachType, readonly ProgramType[]>;

/** The attach types of a program type; none for one that has no attach types, undefined for a type that this table does not know. */
export function attachTypesOf(type: string): readonly AttachType[] | undefined {
  const own = PROGRAM_TYPES.find((each) => each === type);
  return own && ATTACH_TYPES.filter((each) => PROGRAM_TYPES_WITH[each].some((one) => one === own));
}

/** Sections whose programs need an attach type newer than Linux 5.10. */
const SECTION_ATTACH_TYPES: readonly (readonly [RegExp, AttachType])[] = [
  [/^k(?:ret)?probe\.multi(?:\/|$)/, 'trace_kprobe_multi'],
  [/^kprobe\.session(?:\/|$)/, 'trace_kprobe_session'],
  [/^u(?:ret)?probe\.multi(?:\.s)?(?:\/|$)/, 'trace_uprobe_multi'],
  [/^uprobe\.session(?:\.s)?(?:\/|$)/, 'trace_uprobe_session'],
  [/^tcx?\/ingress$/, 'tcx_ingress'],
  [/^tcx?\/egress$/, 'tcx_egress'],
  [/^netkit\/primary$/, 'netkit_primary'],
  [/^netkit\/peer$/, 'netkit_peer'],
];

/**
 * The attach type that a section names, if some kernel lacks it; null for all others.
 * @see section_defs in libbpf.c
 */
export function youngAttachType(section: string): AttachType | null {
  const plain = section.replace(/^\?/, '');
  return SECTION_ATTACH_TYPES.find(([pattern]) => pattern.test(plain))?.[1] ?? null;
}

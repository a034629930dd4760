// Attach types, as libbpf names them.

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

// The section names from which loaders take the type of a program.
import type { LibraryFamily } from '../../base/loader-name.ts';
import type { CiliumRelease } from './cilium-refusal.ts';

/** Names that stand alone: `xdp`, but not `xdp/ingress`. */
const EXACT =
  'action cgroup/bind4 cgroup/bind6 cgroup/connect4 cgroup/connect6 cgroup/dev cgroup/getpeername4 cgroup/getpeername6 ' +
  'cgroup/getsockname4 cgroup/getsockname6 cgroup/getsockopt cgroup/post_bind4 cgroup/post_bind6 cgroup/recvmsg4 cgroup/recvmsg6 ' +
  'cgroup/sendmsg4 cgroup/sendmsg6 cgroup/setsockopt cgroup/skb cgroup/sock cgroup/sock_create cgroup/sock_release cgroup/sysctl ' +
  'cgroup_skb/egress cgroup_skb/ingress classifier flow_dissector lirc_mode2 lwt_in lwt_out lwt_seg6local lwt_xmit perf_event sk_lookup ' +
  'sk_msg sk_reuseport sk_reuseport/migrate sk_skb sk_skb/stream_parser sk_skb/stream_verdict socket sockops syscall tc xdp xdp.frags ' +
  'xdp.frags/cpumap xdp.frags/devmap xdp/cpumap xdp/devmap';

/** Names that may be followed by `/` and a target. */
const WITH_TARGET =
  'fentry fentry.s fexit fexit.s fmod_ret fmod_ret.s freplace iter iter.s kprobe kprobe.multi kretprobe kretprobe.multi kretsyscall ' +
  'ksyscall lsm lsm.s lsm_cgroup raw_tp raw_tp.w raw_tracepoint raw_tracepoint.w struct_ops tp tp_btf tracepoint uprobe uprobe.s uretprobe ' +
  'uretprobe.s usdt';

/** Names that libbpf 1.1 lacks, by the minor number of the release 1.x that first has them. `+` marks a name that may have a target. */
const SINCE = {
  2: 'struct_ops.s+',
  3:
    'cgroup/connect_unix cgroup/getpeername_unix cgroup/getsockname_unix cgroup/recvmsg_unix cgroup/sendmsg_unix netfilter netkit/peer ' +
    'netkit/primary tc/egress tc/ingress tcx/egress tcx/ingress uprobe.multi+ uprobe.multi.s+ uretprobe.multi+ uretprobe.multi.s+ usdt.s+',
  4: 'sk_skb/verdict',
  5: 'kprobe.session+',
  6: 'uprobe.session+ uprobe.session.s+',
  7: 'fsession+ fsession.s+',
} as const satisfies Record<number, string>;

const NEWER = Object.entries(SINCE).flatMap(([minor, names]) => names.split(' ').map((name) => ({ name, minor: Number(minor) })));

/** The first release 1.x with each name. */
const FIRST: ReadonlyMap<string, number> = new Map([
  ...`${EXACT} ${WITH_TARGET}`.split(' ').map((name) => [name, 0] as const),
  ...NEWER.map(({ name, minor }) => [name.replace('+', ''), minor] as const),
]);

const MAY_HAVE_TARGET: ReadonlySet<string> = new Set([
  ...WITH_TARGET.split(' '),
  ...NEWER.flatMap(({ name }) => (name.endsWith('+') ? [name.slice(0, -1)] : [])),
]);

/**
 * Finds the first release of libbpf 1.x that takes the type of a program from a section name.
 * @returns its minor number, 0 for names that every release 1.x knows; null for a name that libbpf 1.7 does not know
 * @see section_defs and sec_def_matches() in libbpf.c
 */
export function sectionKnownSince(section: string): number | null {
  const name = section.replace(/^\?/, '');
  const prefix = name.replace(/\/.*$/s, '');
  return FIRST.get(name) ?? (MAY_HAVE_TARGET.has(prefix) ? (FIRST.get(prefix) ?? null) : null);
}

/** Names before the first `/` from which aya takes a type, whatever follows. */
const AYA =
  'kprobe kretprobe uprobe uprobe.s uretprobe uretprobe.s tp_btf tracepoint tp socket sk_msg sockops classifier lirc_mode2 perf_event raw_tp ' +
  'raw_tracepoint lsm lsm.s lsm_cgroup fentry fentry.s fexit fexit.s flow_dissector freplace sk_lookup iter iter.s';

/** Names that aya knows only whole. */
const AYA_EXACT = 'xdp xdp/cpumap xdp/devmap xdp.frags xdp.frags/cpumap xdp.frags/devmap sk_reuseport sk_reuseport/migrate';

/** Names of two parts from which aya takes a type, whatever follows. */
const AYA_PAIRS =
  'sk_skb/stream_parser sk_skb/stream_verdict cgroup_skb/ingress cgroup_skb/egress cgroup/skb cgroup/sysctl cgroup/dev cgroup/getsockopt ' +
  'cgroup/setsockopt cgroup/sock cgroup/post_bind4 cgroup/post_bind6 cgroup/sock_create cgroup/sock_release cgroup/bind4 cgroup/bind6 ' +
  'cgroup/connect4 cgroup/connect6 cgroup/getpeername4 cgroup/getpeername6 cgroup/getsockname4 cgroup/getsockname6 cgroup/sendmsg4 ' +
  'cgroup/sendmsg6 cgroup/recvmsg4 cgroup/recvmsg6';

const AYA_NAMES: ReadonlySet<string> = new Set(AYA.split(' '));
const AYA_WHOLE: ReadonlySet<string> = new Set(AYA_EXACT.split(' '));
const AYA_TWO: ReadonlySet<string> = new Set(AYA_PAIRS.split(' '));

/**
 * Whether aya 0.14 takes a type from a section name. It does not know the `?` of programs that are off.
 * @see ProgramSection::from_str() in aya-obj's obj.rs
 */
function isKnownToAya(section: string): boolean {
  const [first = '', second = ''] = section.split('/');
  return AYA_NAMES.has(first) || AYA_WHOLE.has(section) || AYA_TWO.has(`${first}/${second}`);
}

/** Names before the first `/` that cilium/ebpf 0.17 lacks. */
const CILIUM_SINCE_0_22: ReadonlySet<string> = new Set(['uprobe.session', 'uprobe.session.s', 'fsession', 'fsession.s']);

/**
 * Whether a release of cilium/ebpf takes a type from a section name; it loads no other program. It has the names of libbpf. A name without a
 * target may have any ending.
 * @see matchSectionName() in cilium/ebpf's elf_reader.go, elfSectionDefs in its elf_sections.go
 */
export function isKnownToCilium(section: string, release: CiliumRelease): boolean {
  const name = section.replace(/^\?/, '');
  const prefix = name.replace(/\/.*$/s, '');
  if (MAY_HAVE_TARGET.has(prefix)) return release !== '0.17' || !CILIUM_SINCE_0_22.has(prefix);
  return [...FIRST.keys()].some((known) => !MAY_HAVE_TARGET.has(known) && name.startsWith(known));
}

/** Whether the newest release of each library besides libbpf takes the type of a program from a section name. */
export const KNOWS_SECTION = { cilium: (section) => isKnownToCilium(section, '0.22'), aya: isKnownToAya } as const satisfies Record<
  LibraryFamily,
  (section: string) => boolean
>;

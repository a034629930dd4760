// Guesses the type of a program from a section name that libbpf does not know, but other loaders do.
import { sectionKnownSince } from '../../../bpf/object/section-names.ts';
import type { BpfProgram } from '../../../bpf/object/object.ts';
import type { ProgramSettings } from './schema.ts';

type ProgramType = NonNullable<ProgramSettings['type']>;

/** Beginnings of section names, the most specific first. @see ELF section names of BCC, Cilium, tc and older loaders */
const BEGINNINGS: readonly (readonly [RegExp, ProgramType])[] = [
  [/^[ku](?:ret)?probe/, 'kprobe'],
  [/^raw_?(?:tp|tracepoint)/, 'raw_tracepoint'],
  [/^(?:tp|tracepoint)/, 'tracepoint'],
  [/^(?:tc|cls|sched_cls|classifier|ingress|egress|(?:from|to)-(?:container|netdev|host|overlay))/, 'sched_cls'],
  [/^(?:act|sched_act)/, 'sched_act'],
  [/^xdp/, 'xdp'],
  [/^(?:socket|filter|sk_filter)/, 'socket_filter'],
  [/^perf/, 'perf_event'],
  [/^sock_?ops/, 'sock_ops'],
  [/^sk_msg/, 'sk_msg'],
  [/^sk_skb/, 'sk_skb'],
  [/^cgroup[_/]skb/, 'cgroup_skb'],
  [/^cgroup[_/]sock/, 'cgroup_sock'],
];

/** The probable type of a program: undefined if libbpf knows its section name, null if the name shows no type. */
export function guessedType({ section }: Pick<BpfProgram, 'section'>): ProgramType | null | undefined {
  if (section === '.text' || sectionKnownSince(section) !== null) return undefined;
  const name = section.replace(/^\?/, '');
  return BEGINNINGS.find(([beginning]) => beginning.test(name))?.[1] ?? null;
}

// Findings about kprobes and uprobes of many functions: a kernel may lack their attach type, which it tells only when it attaches them.
import { usedSection } from '../../bpf/object/attach-point.ts';
import { type AttachType, youngAttachType } from '../../bpf/object/attach-type.ts';
import type { BpfProgram } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { enumeratorsOf } from '../../kernel-btf/enumerators.ts';
import { findIn } from '../../kernel-btf/kernel-names.ts';
import { builtWithout, isOfManyKprobes, unknownAttachType } from '../../verdict/rules/attach.ts';
import { patternOfProbes } from '../../verdict/rules/named-target.ts';
import type { Finding } from './finding.ts';

/** The functions that the section or the configuration names; null if neither names any, so that no loader attaches the program. */
function functionsOf({ section, attachTo }: BpfProgram): string | null {
  const slash = section.indexOf('/');
  return attachTo ?? (slash === -1 ? null : section.slice(slash + 1));
}

/** Sections of kprobes and uprobes that cilium/ebpf attaches. @see attachProbe() in harness/loaders/cilium/attach.go */
const ATTACHED_BY_CILIUM = /^(?:k(?:ret)?probe(?:\.multi)?|kprobe\.session|u(?:ret)?probe(?:\.multi)?(?:\.s)?)$/;

/** Finds a kprobe or uprobe that cilium/ebpf loads, but has no function to attach. */
export function withoutAttachFunction(program: BpfProgram, { cilium }: Pick<Loader, 'cilium'>): Finding[] {
  const [kind = ''] = usedSection(program).replace(/^\?/, '').split('/');
  if (cilium === null || program.type !== 'kprobe' || functionsOf(program) === null || ATTACHED_BY_CILIUM.test(kind)) return [];
  const reason = `cilium/ebpf has no function that attaches programs of section ${kind.replace(/\.s$/, '')}`;
  return [{ failure: { stage: 'attach', class: 'object-invalid', reason }, certain: true }];
}

const OF_DEVICES: ReadonlySet<AttachType> = new Set(['tcx_ingress', 'tcx_egress', 'netkit_primary', 'netkit_peer']);

/**
 * Finds a program of tcx or netkit whose attach type the kernel does not know. Such a kernel loads it, so only an `if-supported` program and
 * one with an interface to attach to need the type. Loaders may attach a program of section `tc/ingress` in the old way, too.
 */
export function deviceTypeFindings(program: BpfProgram, kernel: KernelTypes, loader: Pick<Loader, 'aya' | 'cilium'>): Finding[] {
  const section = usedSection(program).replace(/^\?/, '');
  const type = youngAttachType(section);
  const isAsked = program.autoload === 'if-supported' && !section.startsWith('tc/');
  const known = enumeratorsOf(kernel, 'bpf_attach_type');
  if (type === null || !OF_DEVICES.has(type) || !known || loader.aya !== null || loader.cilium !== null) return [];
  if (known.has(`BPF_${type.toUpperCase()}`) || (program.attachTo === null && !isAsked)) return [];
  return [{ failure: { stage: 'attach', class: 'attach-failed', reason: unknownAttachType(type) }, certain: true }];
}

/** A minor release of libbpf 1.x that asks the kernel for one function before it looks for it in the list of functions. Older ones may not. */
const ASKS_FIRST = 7;

const OF_UPROBES: ReadonlySet<AttachType> = new Set(['trace_uprobe_multi', 'trace_uprobe_session']);

/**
 * Finds a kprobe or uprobe of many functions whose attach type the kernel does not know, or without which it is built. If the function or
 * the file with it may be missing, the finding is not certain: the loader may notice this first.
 * @see struct bpf_kprobe_multi_link in kernel/trace/bpf_trace.c, which exists only with CONFIG_FPROBE
 */
export function attachTypeFindings(
  program: BpfProgram,
  kernel: KernelTypes,
  loader: Pick<Loader, 'aya' | 'cilium'> & Partial<Pick<Loader, 'libbpfMinor'>>,
): Finding[] {
  const type = youngAttachType(usedSection(program));
  const functions = functionsOf(program);
  const known = enumeratorsOf(kernel, 'bpf_attach_type');
  if (loader.aya !== null || type === null || functions === null || !known) return [];
  // libbpf asks the kernel only if a function matches.
  if (patternOfProbes(program) !== null && kernel.hasTraced?.(functions) === false) return [];
  const isOfUprobes = OF_UPROBES.has(type) && loader.cilium === null;
  if (!isOfManyKprobes(type) && !isOfUprobes) return [];
  const isKnown = known.has(`BPF_${type.toUpperCase()}`);
  if (isKnown && (isOfUprobes || findIn(kernel, 'struct', 'bpf_kprobe_multi_link'))) return [];
  const reason = isKnown ? builtWithout(type, 'EOPNOTSUPP') : unknownAttachType(type);
  const isAskedFirst = (loader.libbpfMinor ?? 0) >= ASKS_FIRST && !/[*?]/.test(functions);
  const isThere = isAskedFirst || findIn(kernel, 'func', functions) !== null || kernel.hasTraced?.(functions) === true;
  return [{ failure: { stage: 'attach', class: 'attach-failed', reason }, certain: !isOfUprobes && isThere }];
}

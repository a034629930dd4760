// The attach target in the kernel's BTF that a section names, and its name in BTF.
import type { BtfKind } from '../btf/kinds.ts';
import type { BpfProgram } from './object.ts';

interface AttachPoint {
  prefix: RegExp;
  kind: BtfKind;
  /** The beginning of the name in BTF. */
  symbol: string;
  /** True if only the kernel itself can have it, not a module. */
  builtIn: boolean;
  /** True if the kernel needs the address of the function when it loads a program. @see bpf_check_attach_target() in kernel/bpf/verifier.c */
  byAddress: boolean;
  /** True if the loader can name another target. For `lsm_cgroup` it names the cgroup instead. */
  isReplaceable: boolean;
}

/** A program as far as its section and its settings decide where it is attached. */
type Sectioned = Pick<BpfProgram, 'section'> & Partial<Pick<BpfProgram, 'hasGivenType'>>;

/**
 * The section of a program for questions about its target and its flags. Empty if a setting gives another type than the section does,
 * because libbpf then uses nothing of the section.
 * @see bpf_program__set_type() in libbpf.c
 */
export function usedSection({ section, hasGivenType }: Sectioned): string {
  return hasGivenType === true ? '' : section;
}

/** @see section_defs and find_kernel_btf_id() in libbpf.c */
const ATTACH_POINTS: readonly AttachPoint[] = [
  {
    prefix: /^(?:fentry|fexit|fmod_ret|fsession)(?:\.s)?\//,
    kind: 'func',
    symbol: '',
    builtIn: false,
    byAddress: true,
    isReplaceable: true,
  },
  { prefix: /^tp_btf\//, kind: 'typedef', symbol: 'btf_trace_', builtIn: false, byAddress: false, isReplaceable: true },
  { prefix: /^lsm(?:\.s)?\//, kind: 'func', symbol: 'bpf_lsm_', builtIn: true, byAddress: true, isReplaceable: true },
  { prefix: /^lsm_cgroup\//, kind: 'func', symbol: 'bpf_lsm_', builtIn: true, byAddress: true, isReplaceable: false },
  { prefix: /^iter(?:\.s)?\//, kind: 'func', symbol: 'bpf_iter_', builtIn: false, byAddress: false, isReplaceable: true },
];

/** Raw tracepoints: the kernel finds them by name when it attaches a program. BTF only has their prototypes. */
const RAW_TRACEPOINT: AttachPoint = {
  prefix: /^raw_(?:tp|tracepoint)(?:\.w)?\//,
  kind: 'typedef',
  symbol: 'btf_trace_',
  builtIn: false,
  byAddress: false,
  isReplaceable: true,
};

/** A type in the kernel's BTF: `btf_trace_sched_switch` for `tp_btf/sched_switch`. */
export interface AttachTarget extends Omit<AttachPoint, 'prefix' | 'isReplaceable'> {
  /** The name in the section, or from the loader, perhaps after that of a module: `nf_nat:nf_nat_packet`. */
  name: string;
}

/** The name of a target in BTF, after the name of the module if the section names one: `nf_nat:btf_trace_NAME`. */
export function nameInBtf({ symbol, name }: Pick<AttachTarget, 'symbol' | 'name'>): string {
  const at = name.indexOf(':') + 1;
  return name.slice(0, at) + symbol + name.slice(at);
}

function targetAmong(points: readonly AttachPoint[], section: string, attachTo: string | null): AttachTarget | null {
  // A section may leave the target to the loader: `fentry` alone.
  const plain = `${section.replace(/^\?/, '')}${section.includes('/') ? '' : '/'}`;
  for (const { prefix, isReplaceable, ...point } of points) {
    const named = isReplaceable ? attachTo : null;
    const name = prefix.test(plain) ? (named ?? plain.replace(prefix, '')) : '';
    if (name !== '') return { ...point, name };
  }
  return null;
}

/**
 * The target without which the kernel does not load a program. Null for sections that name no target in BTF.
 * @param attachTo the target that the loader names instead
 */
export function attachTargetOf(section: string, attachTo: string | null = null): AttachTarget | null {
  return targetAmong(ATTACH_POINTS, section, attachTo);
}

/** The target whose prototype shows what a program finds in its context: as attachTargetOf(), and raw tracepoints. */
export function hookTargetOf(section: string, attachTo: string | null = null): AttachTarget | null {
  return targetAmong([...ATTACH_POINTS, RAW_TRACEPOINT], section, attachTo);
}

const EVENT_SECTION = /^\??(?:tp|tracepoint)(?:\/(.+))?$/;
const EVENT = /^([\w-]+)\/(\w+)$/;
/** Groups of trace events without a tracepoint of the same name. */
const WITHOUT_TRACEPOINT: ReadonlySet<string> = new Set(['syscalls', 'ftrace', 'kprobes', 'uprobes', 'synthetic']);

/**
 * The tracepoint that the kernel looks up by name when it attaches a program: of a trace event or of a raw tracepoint. Null for other programs.
 * @param attachTo the target that the loader names instead
 * @see DEFINE_EVENT in include/trace/bpf_probe.h: BTF has `btf_trace_NAME` for each tracepoint since Linux 5.5
 */
export function namedTracepoint(section: string, attachTo: string | null = null): Pick<AttachTarget, 'symbol' | 'name'> | null {
  const ofEvent = EVENT_SECTION.exec(section);
  if (!ofEvent) return targetAmong([RAW_TRACEPOINT], section, attachTo);
  const [, group, name] = EVENT.exec(attachTo ?? ofEvent[1] ?? '') ?? [];
  return group === undefined || name === undefined || WITHOUT_TRACEPOINT.has(group) ? null : { symbol: RAW_TRACEPOINT.symbol, name };
}

/** Names in BTF that a name or a section may mean, the most exact first: `sched_switch` may be a type, or the tracepoint `btf_trace_sched_switch`. */
export function namesInBtf(text: string): readonly string[] {
  const target = text.includes('/') ? hookTargetOf(text) : null;
  if (target) return [nameInBtf(target)];
  return [...new Set([text, ...ATTACH_POINTS.map(({ symbol }) => symbol + text)])];
}

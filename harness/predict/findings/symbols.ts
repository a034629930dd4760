// Findings about the symbols of a kernel: a function in its BTF may have no address, because the compiler renamed it or inlined it everywhere.
import { attachTargetOf, nameInBtf, usedSection } from '../../bpf/object/attach-point.ts';
import type { BpfProgram } from '../../bpf/object/object.ts';
import type { FunctionSymbol, KernelTypes } from '../../core-relo/candidates.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { findIn, knownOfMissing, OF_EVERY_MODULE, partsOfName, refusesAmbiguousProbes } from '../../kernel-btf/kernel-names.ts';
import { noMatchReason, type TargetFacts, targetReason } from '../../verdict/rules/attach.ts';
import { patternOfProbes, targetOfProbes } from '../../verdict/rules/named-target.ts';
import type { Finding, PredictedFailure } from './finding.ts';

/** A kprobe on one function. A section without a name leaves it to the loader. */
const KPROBE = /^\??k(?:ret)?probe(?:\/([^/]+))?$/;
const EXACT = /^[\w.]+$/;
/** A function, perhaps with an offset in it. A variant has a dot; a pattern is no name. */
const FUNCTION = /^([\w.]+)(?:\+\w+)?$/;

const VMLINUX = 'vmlinux';

type Targeted = Pick<BpfProgram, 'section' | 'hasGivenType' | 'attachTo'>;

/** The function of a kprobe or kretprobe; null for other programs. */
export function probedFunction(program: Targeted): string | null {
  const probe = KPROBE.exec(usedSection(program));
  return probe && (FUNCTION.exec(program.attachTo ?? probe[1] ?? '')?.[1] ?? null);
}

/** The pattern of a kprobe on all functions that match; null for other programs. */
export function probedPattern({ attachTo, ...program }: Targeted): string | null {
  return patternOfProbes({ section: usedSection(program), attachTo });
}

/** A function whose address the kernel looks up, and when it does. */
interface FunctionByName {
  function: string;
  stage: 'verify' | 'attach';
}

/** The function whose address the kernel looks up by name for a program; null for other programs. */
export function functionByName(program: Targeted): FunctionByName | null {
  const probed = probedFunction(program);
  if (probed !== null) return { function: probed, stage: 'attach' };
  const named = targetOfProbes({ section: usedSection(program), attachTo: program.attachTo });
  if (named !== null) return EXACT.test(named) ? { function: named, stage: 'attach' } : null;
  const target = attachTargetOf(usedSection(program), program.attachTo);
  const { module, name } = target ? partsOfName(nameInBtf(target)) : { module: null, name: '' };
  // The symbols of modules are unknown.
  const isOfVmlinux = module === null || VMLINUX.startsWith(module);
  return target?.byAddress === true && isOfVmlinux ? { function: name, stage: 'verify' } : null;
}

/** The function that the kernel looks up when it attaches a program; null for other programs. */
export function functionAtAttach(program: Targeted): string | null {
  const wanted = functionByName(program);
  return wanted?.stage === 'attach' ? wanted.function : null;
}

/** What a guest would find about a function without a symbol, so that both give the same reason. */
function factsOf(name: string, symbol: Exclude<FunctionSymbol, { kind: 'found' | 'init' }>, inBtf: boolean): TargetFacts {
  const facts = { program: '', function: name, variant: '' };
  if (symbol.kind === 'variant') return { ...facts, state: 'variant', variant: symbol.variant };
  return { ...facts, state: inBtf ? 'inlined' : 'absent' };
}

/** Whether a module may have a function or the type of a tracepoint that vmlinux lacks: false if all modules are known, and none has it. */
export function mayBeInModule({ inPackage, modules, withoutBtf = [] }: KernelTypes, name: string): boolean {
  // The function that starts a module has no symbol once it has run.
  if (OF_EVERY_MODULE.has(name) && modules.length + withoutBtf.length > 0) return name !== 'init_module';
  if (inPackage) return inPackage(name).some(({ kind }) => kind === 'function');
  return modules.length === 0;
}

type Rules = Pick<Loader, 'cilium'>;

/** What cilium/ebpf puts before the name of a function that the kernel lacks: it may be a system call. @see pmuProbe() in its link/kprobe.go */
const CALL_PREFIXES = ['__x64_', '__arm64_'] as const;

/** What a kernel has of the function that a loader looks for; null if its symbols are unknown. */
function symbolOf({ function: name, stage }: FunctionByName, { findSymbol }: KernelTypes, { cilium }: Rules): FunctionSymbol | null {
  const symbol = findSymbol?.(name) ?? null;
  const isCall = cilium !== null && stage === 'attach' && CALL_PREFIXES.some((prefix) => findSymbol?.(prefix + name).kind === 'found');
  return symbol && isCall ? { kind: 'found' } : symbol;
}

/**
 * Finds that the kernel has no symbol for the function of a program. Without known modules, this is certain only for a function of the
 * kernel's BTF.
 */
export function missingSymbol(program: BpfProgram, kernel: KernelTypes, loader: Rules): Finding[] {
  const wanted = functionByName(program);
  const symbol = wanted && symbolOf(wanted, kernel, loader);
  if (!wanted || !symbol || symbol.kind === 'found' || symbol.kind === 'init') return [];
  const { function: name, stage } = wanted;
  const inBtf = findIn({ ...kernel, modules: [] }, 'func', name) !== null;
  // libbpf finds the function in a module, or misses it in BTF.
  if (!inBtf && (stage === 'verify' || findIn(kernel, 'func', name))) return [];
  const facts = factsOf(name, symbol, inBtf);
  const kind = stage === 'attach' ? 'kprobe' : program.type;
  const reason = targetReason(facts, kind, (each, use) => knownOfMissing(kernel, each, use));
  if (reason === null) return [];
  const isOnlyHere = inBtf && !kernel.inPackage;
  // The kernel takes the first symbol of the name, and looks for none in a module.
  const certain = isOnlyHere || symbol.kind === 'data' || !mayBeInModule(kernel, name);
  return [{ failure: { stage, class: 'attach-target-missing', reason }, certain }];
}

const PROBES_NOTRACE = /^CONFIG_KPROBE_EVENTS_ON_NOTRACE=y$/m;

/** Whether the kernel lets no program attach to a function; null if that is unknown, or if nothing is known against the function. */
function untraceableState(symbol: FunctionSymbol | null): 'init' | 'notrace' | null {
  if (symbol?.kind === 'init') return 'init';
  return symbol?.kind === 'found' && symbol.isNotrace === true ? 'notrace' : null;
}

/** Finds that the kernel has the function of a program, but lets no program attach to it. The load finds its address. */
export function untraceableFunction(program: BpfProgram, kernel: KernelTypes, loader: Rules): Finding[] {
  const wanted = functionByName(program);
  const state = untraceableState(wanted && symbolOf(wanted, kernel, loader));
  if (!wanted || state === null) return [];
  const { function: name, stage } = wanted;
  // libbpf finds the function in a module, or misses it in BTF.
  if (stage === 'verify' && findIn({ ...kernel, modules: [] }, 'func', name) === null) return [];
  const mayProbe = probedFunction(program) !== null && PROBES_NOTRACE.test(kernel.config ?? '');
  // For a part of a function, the kernel asks whether it traces the whole.
  if (state === 'notrace' && (name.includes('.') || mayProbe)) return [];
  const reason = targetReason({ program: '', function: name, state, variant: '' }, program.type);
  const certain = state === 'init' || typeof kernel.config === 'string';
  return reason === null ? [] : [{ failure: { stage: 'attach', class: 'attach-failed', reason }, certain }];
}

/** Finds that several symbols have the name of a kprobe's function, and that the kernel chooses none. */
export function ambiguousFunction(program: BpfProgram, kernel: KernelTypes): Finding[] {
  const name = probedFunction(program);
  const symbol = name === null ? null : (kernel.findSymbol?.(name) ?? null);
  if (symbol === null || (symbol.kind !== 'found' && symbol.kind !== 'init') || !refusesAmbiguousProbes(kernel)) return [];
  const { count = 1 } = symbol;
  if (count === 1) return [];
  const reason = `function ${name} is ambiguous: vmlinux has ${count} symbols of this name, and this kernel refuses a kprobe on it (EADDRNOTAVAIL)`;
  return [{ failure: { stage: 'attach', class: 'attach-failed', reason }, certain: true }];
}

/** Finds that no function of vmlinux matches the pattern of a kprobe. A module may have one. */
export function patternWithoutMatch(program: BpfProgram, { hasTraced }: KernelTypes): Finding[] {
  const pattern = probedPattern(program);
  if (pattern === null || hasTraced?.(pattern) !== false) return [];
  return [{ failure: { stage: 'attach', class: 'attach-target-missing', reason: noMatchReason(pattern) }, certain: false }];
}

/**
 * The certain failure because of which a program is left out if it is `if-supported` or has an alternative; null if there is none. A guest
 * decides this before any load, whatever the mode, but not for an offset in a function.
 * @see supported.c of the agent
 */
export function certainlyWithoutSymbol(program: BpfProgram, kernel: KernelTypes, loader: Rules): PredictedFailure | null {
  if ((program.attachTo ?? program.section).includes('+')) return null;
  const findings = [...missingSymbol(program, kernel, loader), ...untraceableFunction(program, kernel, loader)];
  return findings.find(({ certain }) => certain)?.failure ?? null;
}

// Findings about kprobes and tracepoints: the kernel looks up their targets by name when it attaches them.
import { nameInBtf, namedTracepoint, usedSection } from '../../bpf/object/attach-point.ts';
import type { BpfProgram } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { libraryOf, type TargetRules } from '../../core-relo/loader.ts';
import { enumeratorsOf } from '../../kernel-btf/enumerators.ts';
import { findIn, knownOfMissing, isInLoadedWithoutBtf, whereMissing } from '../../kernel-btf/kernel-names.ts';
import { functionOfProbe, probeTarget, unreadProbe } from '../../verdict/rules/named-target.ts';
import type { Finding, PredictedFailure } from './finding.ts';
import {
  ambiguousFunction,
  certainlyWithoutSymbol,
  functionAtAttach,
  mayBeInModule,
  missingSymbol,
  patternWithoutMatch,
  probedFunction,
  untraceableFunction,
} from './symbols.ts';

const missing = (reason: string): Finding => {
  return { failure: { stage: 'attach', class: 'attach-target-missing', reason }, certain: false };
};

/** The tracepoint of a program that the BTF of the kernel and of its loaded modules lacks; null if it has it, or cannot show it. */
function missingTracepoint(program: BpfProgram, kernel: KernelTypes): ReturnType<typeof namedTracepoint> {
  const tracepoint = namedTracepoint(usedSection(program), program.attachTo);
  const isKnown = enumeratorsOf(kernel, 'bpf_attach_type')?.has('BPF_TRACE_RAW_TP') === true;
  if (!tracepoint || !isKnown) return null;
  const name = nameInBtf(tracepoint);
  return findIn(kernel, 'typedef', name) || isInLoadedWithoutBtf(kernel, name) ? null : tracepoint;
}

/** Finds that a loader does not read the target of a kprobe, or that the module in it is not loaded. Null for other targets. */
function unusualTarget(program: BpfProgram, kernel: KernelTypes, loader: TargetRules): Finding[] | null {
  const probe = { ...program, section: usedSection(program) };
  const target = probeTarget(probe);
  if (target === null) return null;
  const unread = unreadProbe(probe, libraryOf(loader));
  if (unread === null) {
    if (!target.includes(':')) return null;
    if (isInLoadedWithoutBtf(kernel, target)) return [];
    const where = knownOfMissing(kernel, target, 'address');
    return where === null ? [] : [missing(`attach target ${target} (kprobe) is ${where}`)];
  }
  // It asks for no function.
  if (loader.cilium !== null) return [{ failure: { stage: 'attach', class: 'attach-failed', reason: unread }, certain: true }];
  const name = functionOfProbe(target);
  if (name === null || kernel.findSymbol?.(name).kind === 'found' || findIn(kernel, 'func', name)) return [];
  const isKnown = kernel.findSymbol !== undefined && kernel.inPackage?.(name).length === 0;
  return [{ failure: { stage: 'attach', class: 'attach-target-missing', reason: unread }, certain: isKnown }];
}

/**
 * Finds the target that a kprobe or tracepoint program may lack when it is attached. A finding from BTF is not certain: BTF lacks some
 * functions of the kernel, such as those that share a name with another, and a module may add functions and tracepoints.
 */
export function attachByNameFindings(program: BpfProgram, kernel: KernelTypes, loader: TargetRules): Finding[] {
  if (!enumeratorsOf(kernel, 'bpf_prog_type')) return [];
  const unusual = unusualTarget(program, kernel, loader);
  if (unusual) return unusual;
  const ambiguous = ambiguousFunction(program, kernel);
  if (ambiguous.length > 0) return ambiguous;
  const untraceable = untraceableFunction(program, kernel, loader);
  if (untraceable.length > 0) return untraceable;
  const unmatched = patternWithoutMatch(program, kernel);
  if (unmatched.length > 0) return unmatched;
  const isOfMany = probedFunction(program) === null;
  const function_ = functionAtAttach(program);
  if (function_ !== null && isInLoadedWithoutBtf(kernel, function_)) return [];
  if (function_ !== null && kernel.findSymbol) return missingSymbol(program, kernel, loader);
  // A part of a function has no name in BTF.
  if (function_ !== null && !isOfMany && !function_.includes('.') && !findIn(kernel, 'func', function_)) {
    const where = knownOfMissing(kernel, function_, 'address') ?? "not in this kernel's BTF, which lacks some of its functions";
    return [missing(`attach target ${function_} (kprobe) is ${where}`)];
  }
  const tracepoint = missingTracepoint(program, kernel);
  return tracepoint ? [missing(`tracepoint ${tracepoint.name} is ${whereMissing(kernel, nameInBtf(tracepoint), 'address').where}`)] : [];
}

/**
 * The certain failure because of which a program is left out if it is `if-supported` or has an alternative: its function or its tracepoint
 * is missing, and no module may have it. Null if there is none. A guest decides this before any load, whatever the mode.
 * @see supported.c of the agent
 */
export function certainlyWithoutTarget(program: BpfProgram, kernel: KernelTypes, loader: TargetRules): PredictedFailure | null {
  const tracepoint = missingTracepoint(program, kernel);
  if (!tracepoint) return certainlyWithoutSymbol(program, kernel, loader);
  if (mayBeInModule(kernel, nameInBtf(tracepoint))) return null;
  return attachByNameFindings(program, kernel, loader)[0]?.failure ?? null;
}

// Findings about kprobes and tracepoints: the kernel looks up their targets by name when it attaches them.
import { namedTracepoint } from '../../bpf/object/attach-point.ts';
import type { BpfProgram } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { enumeratorsOf } from '../../kernel-btf/enumerators.ts';
import { findIn, inUnloadedModule, whereMissing } from '../../kernel-btf/kernel-names.ts';
import type { Finding } from './finding.ts';
import { missingSymbol, probedFunction, untraceableFunction } from './symbols.ts';

const missing = (reason: string): Finding => {
  return { failure: { stage: 'attach', class: 'attach-target-missing', reason }, certain: false };
};

/**
 * Finds the target that a kprobe or tracepoint program may lack when it is attached. A finding from BTF is not certain: BTF lacks some
 * functions of the kernel, such as those that share a name with another, and a module may add functions and tracepoints.
 */
export function attachByNameFindings(program: BpfProgram, kernel: KernelTypes, loader: Pick<Loader, 'cilium'>): Finding[] {
  if (!enumeratorsOf(kernel, 'bpf_prog_type')) return [];
  const untraceable = untraceableFunction(program, kernel, loader);
  if (untraceable.length > 0) return untraceable;
  const function_ = probedFunction(program);
  if (function_ !== null && kernel.findSymbol) return missingSymbol(program, kernel, loader);
  // A part of a function has no name in BTF.
  if (function_ !== null && !function_.includes('.') && !findIn(kernel, 'func', function_)) {
    const where = inUnloadedModule(kernel, function_, 'address') ?? "not in this kernel's BTF, which lacks some of its functions";
    return [missing(`attach target ${function_} (kprobe) is ${where}`)];
  }
  const tracepoint = program.hasGivenType ? null : namedTracepoint(program.section, program.attachTo);
  const known = enumeratorsOf(kernel, 'bpf_attach_type')?.has('BPF_TRACE_RAW_TP') === true;
  if (tracepoint === null || !known) return [];
  const inBtf = tracepoint.symbol + tracepoint.name;
  return findIn(kernel, 'typedef', inBtf)
    ? []
    : [missing(`tracepoint ${tracepoint.name} is ${whereMissing(kernel, inBtf, 'address').where}`)];
}

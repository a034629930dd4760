// Findings about programs that pass functions to helpers, on kernels before 5.13, which do not know functions as callbacks.
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import type { ObjectFunction } from '../../bpf/object/functions.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { enumeratorsOf } from '../../kernel-btf/enumerators.ts';
import { CALLBACKS_UNKNOWN } from '../../verdict/rules/verifier.ts';
import { type FunctionUse, functionUses } from '../reach/calls.ts';
import type { Finding } from './finding.ts';

/** The first helper that takes a callback. Linux 5.13 has both. */
const FIRST_HELPER = 'BPF_FUNC_for_each_map_elem';

function hasCallback(program: ObjectFunction, useOf: (owner: ObjectFunction) => FunctionUse): boolean {
  const seen = new Set<ObjectFunction>([program]);
  for (const owner of seen) {
    const use = useOf(owner);
    if (use.hasCallback) return true;
    for (const callee of use.callees) seen.add(callee);
  }
  return false;
}

/**
 * Finds programs with a callback on a kernel that knows none. libbpf adds the callback to the program even if no path reaches it, and the
 * kernel then counts one function less than func_info lists.
 * @see bpf_object__reloc_code() in libbpf.c and check_btf_func() in kernel/bpf/verifier.c
 */
export function callbackFindings(object: BpfObject, kernel: KernelTypes): (program: BpfProgram) => Finding[] {
  const helpers = enumeratorsOf(kernel, 'bpf_func_id');
  if (!helpers || helpers.has(FIRST_HELPER) || !object.ext) return () => [];
  const useOf = functionUses(object);
  return (program) =>
    hasCallback(program, useOf)
      ? [{ failure: { stage: 'verify', class: 'insn-unsupported', reason: CALLBACKS_UNKNOWN }, certain: true }]
      : [];
}

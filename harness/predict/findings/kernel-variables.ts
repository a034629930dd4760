// Findings about kernel variables that an object reads. Variables that are declared with a type must be in BTF.
import { kindOf, nameOf, vlenOf } from '../../bpf/btf/btf.ts';
import { findType, referencedType, resolveType, variableOf } from '../../bpf/btf/types.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import { findIn, weakNames, whereMissing } from '../../kernel-btf/kernel-names.ts';
import { variableDifference } from '../../kernel-btf/variable-difference.ts';
import type { ExternFinding } from './finding.ts';

/**
 * Finds variables that the kernel's BTF lacks or has with another type. Variables declared `void` are not checked: libbpf looks them up
 * in the symbol list of the running kernel.
 * @see bpf_object__resolve_ksym_var_btf_id() in libbpf.c
 */
export function kernelVariableFindings(object: BpfObject, kernel: KernelTypes): ExternFinding[] {
  const { btf } = object;
  const section = btf && findType(btf, 'datasec', '.ksyms');
  if (!btf || section === null) return [];
  const weak = weakNames(object);
  return Array.from({ length: vlenOf(btf, section) }, (_, index) => variableOf(btf, section, index)?.type ?? 0).flatMap((id) => {
    const name = nameOf(btf, id);
    const type = resolveType(btf, referencedType(btf, id));
    if (kindOf(btf, id) !== 'var' || type === 0) return [];
    const finding = (reason: string, certain: boolean): ExternFinding[] => {
      return [{ name, failure: { stage: 'relocate', class: 'ksym-missing', reason: `kernel symbol ${name}: ${reason}` }, certain }];
    };
    const found = findIn(kernel, 'var', name);
    if (!found && weak.has(name)) return [];
    if (!found) {
      const { where, certain } = whereMissing(kernel, name, 'variable');
      return finding(where, certain);
    }
    const difference = variableDifference(btf, name, kernel);
    return difference === null ? [] : finding(`its type differs on this kernel: ${difference}`, true);
  });
}

// Findings about kernel variables that an object reads. Variables that are declared with a type must be in BTF.
import { kindOf, nameOf, vlenOf } from '../../bpf/btf/btf.ts';
import { findType, referencedType, resolveType, variableOf } from '../../bpf/btf/types.ts';
import type { BpfObject } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { findIn, knownOfMissing, weakNames, whereMissing } from '../../kernel-btf/kernel-names.ts';
import { variableDifference } from '../../kernel-btf/variable-difference.ts';
import type { ExternFinding } from './finding.ts';

/** A symbol that libbpf looks up in the symbol list of the running kernel. Every module that is loaded adds symbols to it. */
interface Listed {
  name: string;
  isWeak: boolean;
}

/** Why libbpf does not take a symbol from the list; null if it does, or if the symbols of the kernel are unknown. @see kallsyms_cb() in libbpf.c */
function missingInList({ name, isWeak }: Listed, kernel: KernelTypes): { reason: string; certain: boolean } | null {
  const symbol = kernel.findSymbol?.(name);
  if (!symbol) return null;
  if (symbol.kind === 'missing' || symbol.kind === 'variant') {
    if (isWeak) return null;
    return { reason: knownOfMissing(kernel, name, 'address') ?? 'not resolved', certain: kernel.inPackage?.(name).length === 0 };
  }
  const { count = 1 } = symbol;
  return count > 1 ? { reason: `resolution is ambiguous: vmlinux has ${count} symbols of this name`, certain: true } : null;
}

/** A kernel variable that an object declares. */
interface Declared {
  name: string;
  /** 0 for `void`. */
  type: number;
}

function declaredVariables({ btf }: BpfObject): Declared[] {
  const section = btf && findType(btf, 'datasec', '.ksyms');
  if (!btf || section === null) return [];
  const ids = Array.from({ length: vlenOf(btf, section) }, (_, index) => variableOf(btf, section, index)?.type ?? 0);
  const variables = ids.filter((id) => kindOf(btf, id) === 'var');
  return variables.map((id) => ({ name: nameOf(btf, id), type: resolveType(btf, referencedType(btf, id)) }));
}

/**
 * Finds variables that the kernel's BTF lacks or has with another type, and those declared `void` that its list of symbols lacks.
 * @param isListed whether the loader looks up symbols declared `void` as libbpf does
 * @see bpf_object__resolve_ksym_var_btf_id() in libbpf.c
 */
export function kernelVariableFindings(object: BpfObject, kernel: KernelTypes, isListed: boolean): ExternFinding[] {
  const { btf } = object;
  if (!btf) return [];
  const weak = weakNames(object);
  return declaredVariables(object).flatMap(({ name, type }) => {
    const finding = (reason: string, certain: boolean): ExternFinding[] => {
      return [{ name, failure: { stage: 'relocate', class: 'ksym-missing', reason: `kernel symbol ${name}: ${reason}` }, certain }];
    };
    const listed = type === 0 && isListed ? missingInList({ name, isWeak: weak.has(name) }, kernel) : null;
    if (type === 0) return listed ? finding(listed.reason, listed.certain) : [];
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

/**
 * Weak variables with a type that a kernel certainly lacks: libbpf gives them the address 0. None for other loaders, whose ways with such
 * variables are not known.
 */
export function missingVariables(
  object: BpfObject,
  kernel: KernelTypes,
  { libbpfMinor }: Pick<Loader, 'libbpfMinor'>,
): ReadonlySet<string> {
  if (libbpfMinor === null) return new Set();
  const weak = weakNames(object);
  const typed = declaredVariables(object).filter(({ type }) => type !== 0);
  const names = typed.map(({ name }) => name).filter((name) => weak.has(name) && !findIn(kernel, 'var', name));
  return new Set(names.filter((name) => whereMissing(kernel, name, 'variable').certain));
}

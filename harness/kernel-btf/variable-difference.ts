// Compares the declaration of a kernel variable in an object with the variable in the kernel.
import { type Btf, kindOf, nameOf, type TypeAt, vlenOf } from '../bpf/btf/btf.ts';
import { typeText } from '../bpf/btf/type-text.ts';
import { findType, referencedType, resolveType, variableOf } from '../bpf/btf/types.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { newComparison, typesAreCompatible } from '../core-relo/match-type.ts';
import { findIn } from './kernel-names.ts';

/** `struct rq`; a type that is only declared is marked, because its text equals that of the definition. */
function declaredText({ btf, id }: TypeAt): string {
  return kindOf(btf, id) === 'fwd' ? `${typeText(btf, id)} without a definition` : typeText(btf, id);
}

/** The type that an object declares for a kernel variable: 0 for `void`. Null if it declares no variable of this name. */
function declaredId(btf: Btf, name: string): number | null {
  const section = findType(btf, 'datasec', '.ksyms');
  const count = section === null ? 0 : vlenOf(btf, section);
  for (let index = 0; index < count; index++) {
    const id = variableOf(btf, section ?? 0, index)?.type ?? 0;
    if (kindOf(btf, id) === 'var' && nameOf(btf, id) === name) return resolveType(btf, referencedType(btf, id));
  }
  return null;
}

/** Whether an object declares a kernel symbol as `void`, so that libbpf looks for it in the list of symbols. */
export function hasUntypedSymbols(btf: Btf): boolean {
  const section = findType(btf, 'datasec', '.ksyms');
  const ids =
    section === null ? [] : Array.from({ length: vlenOf(btf, section) }, (_, index) => variableOf(btf, section, index)?.type ?? 0);
  return ids.some((id) => kindOf(btf, id) === 'var' && resolveType(btf, referencedType(btf, id)) === 0);
}

/** Whether an object declares a kernel variable with a type, so that libbpf looks for it in BTF; null if it declares none of this name. */
export function isTypedVariable(btf: Btf, name: string): boolean | null {
  const id = declaredId(btf, name);
  return id === null ? null : id !== 0;
}

/**
 * How the type of a kernel variable differs: `struct rq here, struct rq without a definition in the object`. Null if the types agree, or if
 * the object or the kernel has no such variable with a type.
 * @see bpf_object__resolve_ksym_var_btf_id() in libbpf.c
 */
export function variableDifference(btf: Btf, name: string, kernel: KernelTypes): string | null {
  const id = declaredId(btf, name);
  const found = findIn(kernel, 'var', name);
  if (id === null || id === 0 || !found) return null;
  const local = { btf, id };
  const target = { btf: found.btf, id: resolveType(found.btf, referencedType(found.btf, found.id)) };
  if (typesAreCompatible(local, target, newComparison([])) > 0) return null;
  return `${declaredText(target)} here, ${declaredText(local)} in the object`;
}

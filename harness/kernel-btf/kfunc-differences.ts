// Compares the declaration of a kernel function (kfunc) in an object with the function in the kernel, by position.
import { type Btf, kindOf, nameOf, type TypeAt, vlenOf } from '../bpf/btf/btf.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { typeText } from '../bpf/btf/type-text.ts';
import { findType, isComposite, parameterOf, referencedType, resolveType } from '../bpf/btf/types.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { newComparison, typesAreCompatible } from '../core-relo/match-type.ts';
import { findIn } from './kernel-names.ts';

const NOTHING = 'nothing';

function parameterAt({ btf, id }: TypeAt, index: number): TypeAt | null {
  const parameter = parameterOf(btf, id, index);
  return parameter && { btf, id: parameter.type };
}

/**
 * The struct or union that the kernel defines and the object only declares; null if the object declares none. libbpf takes the two for different types.
 * Compilers leave out the definition of a struct whose members no program uses.
 * @see bpf_core_types_are_compat() in libbpf's relo_core.c
 */
function onlyDeclared(local: TypeAt, target: TypeAt): string | null {
  const [a, b] = [local, target].map(({ btf, id }) => ({ btf, id: resolveType(btf, id) }));
  if (!a || !b) return null;
  const [kind, kindHere] = [kindOf(a.btf, a.id), kindOf(b.btf, b.id)];
  if (kind === 'fwd' && isComposite(kindHere) && nameOf(a.btf, a.id) === nameOf(b.btf, b.id)) return typeText(b.btf, b.id);
  const behind = ({ btf, id }: TypeAt) => ({ btf, id: referencedType(btf, id) });
  return kind === 'ptr' && kindHere === 'ptr' ? onlyDeclared(behind(a), behind(b)) : null;
}

/** How a declaration in an object differs from the kernel's. */
export interface Difference {
  text: string;
  /** The type whose missing definition in the object is the only difference: `struct cgroup`; null for other differences. */
  declared: string | null;
}

function differenceAt(what: string, local: TypeAt | null, target: TypeAt | null): Difference[] {
  if (!local && !target) return [];
  if (local && target && typesAreCompatible(local, target, newComparison([])) > 0) return [];
  const declared = local && target && onlyDeclared(local, target);
  if (declared) return [{ text: `${what}: the object only declares ${declared}, so libbpf takes it for another type`, declared }];
  const [here, compiled] = [target, local].map((each) => (each ? typeText(each.btf, each.id) : NOTHING));
  return [{ text: `${what}: ${here} here, ${compiled} in the object`, declared: null }];
}

/** BTF ids of two function prototypes. */
interface Prototypes {
  local: TypeAt;
  target: TypeAt;
}

/** The differences between two prototypes, one for each argument and for the result. */
export function prototypeDifferences({ local, target }: Prototypes): Difference[] {
  const count = Math.max(vlenOf(local.btf, local.id), vlenOf(target.btf, target.id));
  const byPosition = Array.from({ length: count }, (_, index) =>
    differenceAt(`argument ${index + 1}`, parameterAt(local, index), parameterAt(target, index)),
  );
  const result = ({ btf: own, id }: TypeAt) => ({ btf: own, id: referencedType(own, id) });
  return [...byPosition.flat(), ...differenceAt('result', result(local), result(target))];
}

function prototypesOf(btf: Btf, name: string, kernel: KernelTypes): Prototypes | null {
  const declared = findType(btf, 'func', name);
  const found = findIn(kernel, 'func', essentialName(name));
  if (declared === null || !found) return null;
  return {
    local: { btf, id: referencedType(btf, declared) },
    target: { btf: found.btf, id: referencedType(found.btf, found.id) },
  };
}

/** Whether the kernel has a kfunc as an object declares it, or with another prototype. `missing` also if the object declares no such function. */
export type KfuncState = 'found' | UnresolvedKfunc;
export type UnresolvedKfunc = 'differs' | 'missing';
/** Why the verifier refuses every call of a kfunc: libbpf did not resolve it, or the kernel does not mark the function as one. */
export type RefusedKfunc = UnresolvedKfunc | 'unmarked';

/**
 * What libbpf finds of a kfunc in a kernel. It gives a weak one the address 0 unless the prototypes agree.
 * @see bpf_object__resolve_ksym_func_btf_id() in libbpf.c
 */
export function kfuncState(btf: Btf, name: string, kernel: KernelTypes): KfuncState {
  const found = prototypesOf(btf, name, kernel);
  if (!found) return 'missing';
  return typesAreCompatible(found.local, found.target, newComparison([])) > 0 ? 'found' : 'differs';
}

/**
 * The differences between the declaration of a kfunc in an object and the kernel's function, one for each argument and for the result.
 * Empty if they agree, or if one of the two is missing.
 */
export function kfuncDifferences(btf: Btf, name: string, kernel: KernelTypes): Difference[] {
  const found = prototypesOf(btf, name, kernel);
  return found ? prototypeDifferences(found) : [];
}

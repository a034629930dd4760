// Compares the declaration of a kernel function (kfunc) in an object with the function in the kernel, by position.
import { type Btf, type TypeAt, vlenOf } from '../bpf/btf/btf.ts';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { typeText } from '../bpf/btf/type-text.ts';
import { findType, parameterOf, referencedType } from '../bpf/btf/types.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { newComparison, typesAreCompatible } from '../core-relo/match-type.ts';
import { findIn } from './kernel-names.ts';

const NOTHING = 'nothing';

function parameterAt({ btf, id }: TypeAt, index: number): TypeAt | null {
  const parameter = parameterOf(btf, id, index);
  return parameter && { btf, id: parameter.type };
}

function differenceAt(what: string, local: TypeAt | null, target: TypeAt | null): string[] {
  if (!local && !target) return [];
  if (local && target && typesAreCompatible(local, target, newComparison([])) > 0) return [];
  const [here, compiled] = [target, local].map((each) => (each ? typeText(each.btf, each.id) : NOTHING));
  return [`${what}: ${here} here, ${compiled} in the object`];
}

/**
 * The differences between the declaration of a kfunc in an object and the kernel's function, one text for each argument and for the result.
 * Empty if they agree, or if one of the two is missing.
 */
export function kfuncDifferences(btf: Btf, name: string, kernel: KernelTypes): string[] {
  const declared = findType(btf, 'func', name);
  const found = findIn(kernel, 'func', essentialName(name));
  if (declared === null || !found) return [];
  const local = { btf, id: referencedType(btf, declared) };
  const target = { btf: found.btf, id: referencedType(found.btf, found.id) };
  const count = Math.max(vlenOf(local.btf, local.id), vlenOf(target.btf, target.id));
  const byPosition = Array.from({ length: count }, (_, index) =>
    differenceAt(`argument ${index + 1}`, parameterAt(local, index), parameterAt(target, index)),
  );
  const result = ({ btf: own, id }: TypeAt) => ({ btf: own, id: referencedType(own, id) });
  return [...byPosition.flat(), ...differenceAt('result', result(local), result(target))];
}

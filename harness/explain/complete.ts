// Completes the path to a value: from a member that may replace the missing one to the value, in a type of another shape.
import { kindOf, type TypeAt } from '../bpf/btf/btf.ts';
import { arrayOf, isComposite, resolveType } from '../bpf/btf/types.ts';
import { namedMembers, type Step } from './path.ts';
import { isScalar } from './type-text.ts';

const MAX_DEPTH = 8;

function without(steps: readonly Step[], at: number): readonly Step[] {
  return steps.filter((_, each) => each !== at);
}

/** The steps that remain after a name was walked. Indices before the name are kept, because the array may now be behind the name. */
function passed(steps: readonly Step[], at: number): readonly Step[] {
  return steps.filter((step, each) => each > at || (each < at && typeof step === 'number'));
}

/**
 * Finds the steps from a type to a value like the one that the old path reads. Indices and names of the old path are used if the type has
 * them, and a struct with a single member is entered. `count[1].counter` becomes `[1].count` in `struct percpu_counter [4]`.
 * @param scalar true if the old path leads to an integer, enum or pointer
 * @returns null if no path is found
 */
export function completePath({ btf, id: type }: TypeAt, rest: readonly Step[], scalar: boolean, depth = 0): Step[] | null {
  const id = resolveType(btf, type);
  if (depth > MAX_DEPTH) return null;
  if (isScalar(btf, id)) return scalar ? [] : null;
  const on = (step: Step, next: number, left: readonly Step[]): Step[] | null => {
    const path = completePath({ btf, id: next }, left, scalar, depth + 1);
    return path && [step, ...path];
  };
  const array = arrayOf(btf, id);
  if (!scalar && rest.length === 0) return [];
  if (array) {
    const at = rest.findIndex((step) => typeof step === 'number');
    const index = rest[at];
    const fits = typeof index === 'number' && (array.length === 0 || index < array.length);
    return fits ? on(index, array.element, without(rest, at)) : on(0, array.element, rest);
  }
  if (!isComposite(kindOf(btf, id))) return null;
  const members = namedMembers(btf, id);
  for (const [at, step] of rest.entries()) {
    const member = members.find(({ name }) => name === step);
    if (member) return on(step, member.type, passed(rest, at));
  }
  const [only, ...others] = members;
  return only && others.length === 0 ? on(only.name, only.type, rest) : null;
}

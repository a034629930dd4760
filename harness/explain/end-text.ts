// The type at the end of a path through pointers, as explanations show it.
import type { Btf } from '../bpf/btf/btf.ts';
import { referencedType, resolveType } from '../bpf/btf/types.ts';
import { type Step, walk } from './path.ts';
import { memberText, typeText } from './type-text.ts';

/**
 * The type of what a path ends at, in C: `__u8:2` for a bitfield.
 * @param paths steps in the type `root`, then in the type behind each pointer
 */
export function endText(btf: Btf, root: number, [steps = [], ...further]: readonly (readonly Step[])[]): string {
  const { last, type } = walk(btf, root, steps);
  if (further.length > 0) return endText(btf, resolveType(btf, referencedType(btf, resolveType(btf, type))), further);
  return last && typeof steps.at(-1) === 'string' ? memberText(btf, last.member) : typeText(btf, type);
}

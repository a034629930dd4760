// Names of the kernel that are related to a missing function or tracepoint by evidence: all words of one in the other, and the same parameters.
import { type Btf, kindOf, nameOf, vlenOf } from '../bpf/btf/btf.ts';
import { parameterOf, referencedType, resolveType } from '../bpf/btf/types.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { TARGETS, type TargetRequirement, typeIn } from './requirement.ts';
import { typeText } from './type-text.ts';

/** More added words make another name. */
const MAX_ADDED_WORDS = 2;
const MAX_RELATED = 5;

/** The words of a name, which underscores separate. */
export function wordsOf(name: string): string[] {
  return name.split('_').filter((word) => word !== '');
}

/** Whether a name has the words of a shorter one, side by side and in the same order. */
function hasWordsOf(longer: readonly string[], shorter: readonly string[]): boolean {
  const added = longer.length - shorter.length;
  if (added > MAX_ADDED_WORDS) return false;
  return Array.from({ length: added + 1 }, (_, start) => start).some((start) => shorter.every((word, at) => longer[start + at] === word));
}

/**
 * Whether one name is the other with words before or behind it: `do_x_y`, `__x_y` and `x_y_noprof` are variants of `x_y`. One common word
 * is not enough.
 */
export function areVariants(a: string, b: string): boolean {
  const [left, right] = [wordsOf(a), wordsOf(b)];
  const [longer, shorter] = left.length >= right.length ? [left, right] : [right, left];
  return shorter.length >= 2 && a !== b && hasWordsOf(longer, shorter);
}

/** The prototype of a function, or of the function that a tracepoint calls; null if the BTF does not have it. */
function prototypeOf(btf: Btf, id: number): number | null {
  const inner = referencedType(btf, id);
  const type = kindOf(btf, id) === 'func' ? inner : resolveType(btf, referencedType(btf, resolveType(btf, inner)));
  return kindOf(btf, type) === 'func_proto' ? type : null;
}

interface Named {
  name: string;
  btf: Btf;
  id: number;
}

function* targetsIn({ vmlinux, modules }: KernelTypes, what: TargetRequirement['what']): Generator<Named> {
  const { kind, start } = TARGETS[what];
  for (const { btf } of [vmlinux, ...modules.map(({ index }) => index)]) {
    for (let id = btf.startId; id < btf.endId; id++) {
      if (kindOf(btf, id) !== kind) continue;
      const name = nameOf(btf, id);
      if (name.startsWith(start)) yield { name: name.slice(start.length), btf, id };
    }
  }
}

/** The types of the result and of all parameters, as C would write them. */
function prototypeText({ btf, id }: Pick<Named, 'btf' | 'id'>): string | null {
  const prototype = prototypeOf(btf, id);
  if (prototype === null) return null;
  const parameters = Array.from({ length: vlenOf(btf, prototype) }, (_, index) =>
    typeText(btf, parameterOf(btf, prototype, index)?.type ?? 0),
  );
  return `${typeText(btf, referencedType(btf, prototype))} (${parameters.join(', ')})`;
}

/**
 * Finds variants of a target that a kernel has instead, with the parameters and the result that the target has elsewhere.
 * A function that is beside the target on the kernel that has both is another function, unless only underscores tell the names apart.
 * @param having a kernel that has the target; without one, nothing is known of its parameters and nothing is returned
 */
export function relatedTargets(kernel: KernelTypes, { what, name }: TargetRequirement, having: KernelTypes | null): string[] {
  const { kind, start } = TARGETS[what];
  const bare = name.slice(name.startsWith(start) ? start.length : 0);
  const wanted = having && typeIn(having, kind, start + bare);
  if (!wanted) return [];
  const prototype = prototypeText(wanted);
  const found = new Set<string>();
  for (const target of targetsIn(kernel, what)) {
    if (prototype === null || !areVariants(target.name, bare) || prototypeText(target) !== prototype) continue;
    const isBeside = wordsOf(target.name).length !== wordsOf(bare).length && typeIn(having, kind, start + target.name) !== null;
    if (!isBeside) found.add(target.name);
  }
  return [...found].toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1)).slice(0, MAX_RELATED);
}

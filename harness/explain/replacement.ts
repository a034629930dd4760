// Decides by BTF whether a kernel has another way to read a value that a program was written for.
import { accessOfSpec, accessText } from './access.ts';
import type { TypeAt } from '../bpf/btf/btf.ts';
import type { CoreSpec } from '../bpf/core-spec/spec.ts';
import type { FieldUse } from './field-use.ts';
import { knownChange } from './known-change.ts';
import type { KnownChange } from './known-changes.ts';
import type { Alternative } from './nearest.ts';
import { namedMembers, pathText, stepsOf, walk } from './path.ts';
import type { Situation } from './situation.ts';
import { type Comparison, type Conversion, addressAt, compareConverted, compareValues, type Value, valueAt, valueOf } from './value.ts';

/** What the kernel has instead. */
export type Replacement =
  | { state: 'none' }
  /** `likeness` is true if only types, names and places relate it to what was read, and no known change. */
  | { state: 'same-value'; alternative: Alternative; as: Conversion | null; likeness: boolean }
  /** `why` ends the sentence "`path` has another meaning: ". */
  | { state: 'other-meaning'; alternative: Alternative; why: string };

/** The value that a program was written for: with the types of a kernel that has it, but the sign that the program reads. */
export function wantedValue(local: CoreSpec, elsewhere: CoreSpec | null, use: FieldUse): Value | null {
  if (use === 'address') {
    const { btf, rootId } = elsewhere ?? local;
    return addressAt(btf, rootId, [stepsOf(local)]);
  }
  const [compiled, there] = [valueOf(local), elsewhere && valueOf(elsewhere)];
  if (compiled?.kind === 'number' && there?.kind === 'number') return { ...there, signed: compiled.signed };
  return there ?? compiled;
}

/** `bi_bdev->bd_disk`. */
function pathsText(paths: Alternative['paths']): string {
  return paths.map((path) => pathText(path)).join('->');
}

function changeOf(local: CoreSpec, { paths }: Alternative): KnownChange | null {
  const access = accessOfSpec(local);
  return knownChange(accessText(access)) ?? (paths.length === 1 ? knownChange(`${access.type}.${pathsText(paths)}`) : null);
}

/** True if a fact of a known change names a member of the paths. */
function names(fact: string | null, paths: Alternative['paths']): boolean {
  const last = fact?.split(' is ')[0]?.split('.').at(-1);
  return last !== undefined && paths.some((steps) => steps.includes(last));
}

/** The words of a name. */
function wordsOf(name: string): Set<string> {
  return new Set(name.split('_').filter((word) => word !== ''));
}

/** True if one name has all words of the other: `index` and `__folio_index`. */
function isVariant(a: string, b: string): boolean {
  const [one, other] = [wordsOf(a), wordsOf(b)];
  return [...one].every((word) => other.has(word)) || [...other].every((word) => one.has(word));
}

/** Why nothing shows that an alternative without a known change is what was read; null if its place and name do. */
function unrelated(local: CoreSpec, { relation, paths }: Alternative, { btf, id }: TypeAt): string | null {
  // Another object may be behind the pointer, or in the enclosing struct.
  if (relation === 'behind-pointer' || relation === 'moved-out') return 'nothing but its type and name relates it to what was read';
  if (relation !== 'renamed') return null;
  const [before, [after = []]] = [stepsOf(local), paths];
  const at = after.findIndex((step, index) => step !== before[index]);
  // A struct with a single member is this member.
  const isAlone = namedMembers(btf, walk(btf, id, after.slice(0, at)).type).length === 1;
  return isAlone || isVariant(String(before[at]), String(after[at])) ? null : 'nothing but its type and place relates it to what was read';
}

/** Why the value behind a member that became a pointer may be another one; null for other alternatives. */
function becamePointer(local: CoreSpec, { relation, paths: [before = []] }: Alternative): string | null {
  const isSame = JSON.stringify(stepsOf(local).slice(0, before.length)) === JSON.stringify(before);
  return relation === 'behind-pointer' && isSame ? `${pathText(before)} is now a pointer, which may be null` : null;
}

interface Compared {
  alternative: Alternative;
  root: TypeAt;
  before: Value;
  after: Value;
}

function comparison(local: CoreSpec, { alternative, root, before, after }: Compared): Comparison {
  const known = changeOf(local, alternative);
  const { form } = alternative;
  const sameNumber = known?.sameNumber === true;
  if (form) return compareConverted(before, after, { as: form.as, sameNumber });
  if (known?.otherMeaning === true) return { same: false, why: known.text };
  if (alternative.certainty === 'possible')
    return { same: false, why: becamePointer(local, alternative) ?? 'nothing but its place and name relates it to what was read' };
  const isOlder = known !== null && names(known.after, [stepsOf(local)]) && names(known.before, alternative.paths);
  // The newer value gives the older one, but not the other way round.
  if (isOlder && known.form?.as) return { same: false, why: known.text };
  const why = isOlder || (known && names(known.after, alternative.paths)) ? null : unrelated(local, alternative, root);
  if (why !== null) return { same: false, why };
  const plain = compareValues(before, after);
  return plain.same || !sameNumber ? plain : compareConverted(before, after, { as: null, sameNumber });
}

/**
 * Decides whether the best alternative of a kernel reads the value that a program was written for.
 * @param before the value on the nearest kernel that has the access, else in the object; null if BTF cannot describe it
 */
export function replacementOf(local: CoreSpec, before: Value | null, { alternatives, root }: Situation, use: FieldUse): Replacement {
  const [alternative] = alternatives;
  if (!alternative || !root) return { state: 'none' };
  const after = (use === 'address' ? addressAt : valueAt)(root.btf, root.id, alternative.paths);
  if (use === 'address' && !after) return { state: 'other-meaning', alternative, why: 'it has no address of its own in the struct' };
  if (!before || !after) return { state: 'other-meaning', alternative, why: 'BTF does not describe its type' };
  const decided = comparison(local, { alternative, root, before, after });
  const likeness = alternative.relation === 'renamed' && !alternative.form && changeOf(local, alternative) === null;
  return decided.same
    ? { state: 'same-value', alternative, as: decided.as, likeness }
    : { state: 'other-meaning', alternative, why: decided.why };
}

function conversionText(as: Conversion, path: string): string {
  switch (as.what) {
    case 'bits':
      return as.width === 1 ? `bit ${as.shift} of ${path}` : `bits ${as.shift} to ${as.shift + as.width - 1} of ${path}`;
    case 'equals':
      return `1 if ${path} is ${as.number}, else 0`;
    case 'is-not-zero':
      return `1 if ${path} is not 0, else 0`;
    case 'one-more':
      return `${path} + 1, or 0 if ${path} is negative`;
  }
}

/** A sentence about a replacement: how it gives the value, or why it does not. Null if nothing needs to be said. */
export function replacementHint(replacement: Replacement): string | null {
  if (replacement.state === 'none') return null;
  const path = pathsText(replacement.alternative.paths);
  if (replacement.state === 'other-meaning') return `${path} has another meaning: ${replacement.why}`;
  if (replacement.as) return `the same value is ${conversionText(replacement.as, path)}`;
  return replacement.likeness ? `only type, name and place relate ${path} to what was read: check that it means the same` : null;
}

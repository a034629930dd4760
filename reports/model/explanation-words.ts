// Words of explanations for every report: certainty of a cause, presence on kernels, guards of a place.
import { type FailureClass, FAILURES } from '../../harness/base/failures.ts';
import { pathText } from '../../harness/explain/path.ts';
import type { CausePresence, CauseSituation, Guard, GuardedPlace, RootCause } from '../../harness/results/explanation.ts';
import type { SourceLine } from '../../harness/bpf/object/places.ts';
import type { Relation } from '../../harness/base/vocabulary.ts';
import { plural } from '../../harness/base/text.ts';
import { visible } from '../../harness/base/visible.ts';

/** Returns the name that a report shows for a kernel id. */
export type NameOf = (kernel: string) => string;

const RELATIONS = {
  'other-kind': 'the same, of another kind',
  renamed: 'another name',
  'moved-in': 'moved into a struct in it',
  'moved-out': 'moved out of a struct in it',
  'behind-pointer': 'moved behind a pointer',
  split: 'split off it',
  joined: 'a part of it',
} as const satisfies Record<Relation, string>;

const CERTAINTIES = {
  seen: 'seen in a guest',
  certain: 'certain: BTF or kernel symbols decide it',
  possible: 'possible: it depends on facts that BTF does not have',
} as const satisfies Record<RootCause['certainty'], string>;

/** Classes whose certain predictions follow from the object, whatever the kernel. */
const DECIDED_BY_OBJECT: ReadonlySet<FailureClass> = new Set(['object-invalid', 'map-create-failed']);

/** The certainty of a root cause, and its basis. */
export function certaintyText({ certainty, class: failure }: Pick<RootCause, 'certainty' | 'class'>): string {
  if (certainty !== 'certain') return CERTAINTIES[certainty];
  if (FAILURES[failure].stages.relocate === 'configuration') return "certain: the kernel's configuration decides it";
  return DECIDED_BY_OBJECT.has(failure) ? 'certain: the object alone decides it' : CERTAINTIES.certain;
}

/** An alternative on a kernel: its path, its type, and its relation to the missing field. */
export function alternativeWords({ relation, paths, type, certainty }: CauseSituation['alternatives'][number]) {
  return { path: paths.map((path) => pathText(path)).join('->'), type, how: `${RELATIONS[relation]}, ${certainty}` };
}

/** The names of kernels, separated by blanks. */
export function listed(kernels: readonly string[], nameOf: NameOf): string {
  return kernels.map((kernel) => visible(nameOf(kernel))).join(' ');
}

/** The kernels that have the missing field or type: `of 11 kernels, 10 kernels have it: first 6.1, last 7.3`. */
export function presenceText(
  { first, last, gaps, has, lacks: hasNot, otherType = [], unknown = [], witnesses }: CausePresence,
  nameOf: NameOf,
): string {
  const notCounted = unknown.length > 0 ? `; not counted: ${listed(unknown, nameOf)}` : '';
  const others = `${otherType.length > 0 ? `; with another type on ${listed(otherType, nameOf)}` : ''}${notCounted}`;
  const fitting = otherType.length > 0 ? ' with this type' : '';
  if (first === null || last === null) return `none of the ${plural(hasNot.length, 'kernel')} has it${fitting}${others}`;
  const range = first === last ? `only ${nameOf(first)}` : `first ${nameOf(first)}, last ${nameOf(last)}`;
  const without = gaps.length > 0 ? `, but not ${listed(gaps, nameOf)}` : '';
  const changes = witnesses.map(({ from, to, change }) => `; ${change} between ${nameOf(from)} and ${nameOf(to)}`).join('');
  return `of ${plural(has.length + hasNot.length, 'kernel')}, ${plural(has.length, 'kernel')} ${has.length === 1 ? 'has' : 'have'} it${fitting}: ${visible(range)}${without}${visible(changes)}${others}`;
}

/** The place of a C line: `prog.bpf.c:25`, or `near prog.bpf.c:25` for the nearest line known. */
export function sourcePlace({ file, line, exact }: SourceLine): string {
  return `${exact ? '' : 'near '}${file}:${line}`;
}

function guardText({ relocation, source, value }: Guard): string {
  const where = source ? ` at ${sourcePlace(source)}` : '';
  return `${relocation.access} (${relocation.kind}), which is ${value} there,${where}`;
}

/** The guards that keep the verifier from reaching what a kernel lacks. */
export function guardsText({ guards }: GuardedPlace): string {
  if (guards.length > 0) return `kept out by ${guards.map(guardText).join(' and ')}`;
  return 'nothing leads to it, whatever its checks answer: a constant, a version, or a function that is not called';
}

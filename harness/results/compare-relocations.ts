// Compares the relocations of two runs.
import type { CellRelocation, CellResult, ObjectResult } from './schema.ts';
import type { Outcome, RelocationKind } from '../base/vocabulary.ts';

/**
 * `guard-flipped`: the tested field or type appeared or vanished. `lost`: the relocation lost its target. `found`: it got a target.
 * `value-moved`: another offset, size or number.
 */
export const RELOCATION_CHANGES = ['lost', 'guard-flipped', 'value-moved', 'found'] as const;

export interface RelocationChange {
  change: (typeof RELOCATION_CHANGES)[number];
  object: string;
  program: string;
  access: string;
  kind: RelocationKind;
  kernel: string;
  /** The value, or the outcome if it has no value. */
  before: string;
  after: string;
}

/** BTF type ids differ in every build of a kernel, so they are not compared. */
const WITHOUT_MEANING: readonly RelocationKind[] = ['local_type_id', 'target_type_id'];
const QUESTIONS: readonly RelocationKind[] = ['field_exists', 'type_exists', 'enumval_exists', 'type_matches'];

type Standing = 'there' | 'absent' | 'without target' | 'unknown';

const STANDINGS = {
  resolved: 'there',
  moved: 'there',
  'absent-guarded': 'absent',
  poisoned: 'without target',
  incompatible: 'without target',
  ambiguous: 'without target',
  'not-reached': 'unknown',
} as const satisfies Record<Outcome, Standing>;

function standingOf({ outcome, target }: CellRelocation, kind: RelocationKind): Standing {
  return QUESTIONS.includes(kind) && STANDINGS[outcome] === 'there' && target === '0' ? 'absent' : STANDINGS[outcome];
}

function changeOf(kind: RelocationKind, was: CellRelocation, is: CellRelocation): RelocationChange['change'] | null {
  const [before, after] = [standingOf(was, kind), standingOf(is, kind)];
  if (before === 'unknown' || after === 'unknown') return null;
  if (before === 'there' && after === 'there') return was.target === is.target ? null : 'value-moved';
  if (before === after) return null;
  if (after === 'without target') return 'lost';
  return before === 'without target' ? 'found' : 'guard-flipped';
}

/** Relocations of a cell by access and count of equal ones before it: positions change with every compilation of the object. */
function byMeaning(object: ObjectResult, cell: CellResult) {
  const counts = new Map<string, number>();
  return new Map(
    cell.relocations.flatMap((relocation) => {
      const asked = object.relocations[relocation.ref];
      if (!asked) return [];
      const name = JSON.stringify([asked.program, asked.kind, asked.access]);
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return [[`${name} ${count}`, { asked, relocation }] as const];
    }),
  );
}

const shown = ({ outcome, target }: CellRelocation) => (STANDINGS[outcome] === 'there' && target !== null ? target : outcome);

/** The changed relocations of one object on one kernel, without those that only one run has. */
export function compareRelocations(
  before: readonly [ObjectResult, CellResult],
  after: readonly [ObjectResult, CellResult],
): RelocationChange[] {
  const old = byMeaning(...before);
  const [{ id: object }, { kernel }] = after;
  return [...byMeaning(...after)].flatMap(([key, { asked, relocation }]) => {
    const was = old.get(key)?.relocation;
    const change = was && !WITHOUT_MEANING.includes(asked.kind) ? changeOf(asked.kind, was, relocation) : null;
    if (!was || change === null) return [];
    const { program, access, kind } = asked;
    return [{ change, object, program, access, kind, kernel, before: shown(was), after: shown(relocation) }];
  });
}

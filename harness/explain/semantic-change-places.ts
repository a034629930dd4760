// Finds semantic changes in a matrix: relocations that read something else on some kernels, and checks that change more than once.
import type { CellRelocation } from '../results/schema.ts';
import type { ObjectRelocation } from '../bpf/object/places.ts';
import { localSpecs } from './access.ts';
import type { SemanticChangePlace } from '../results/explanation.ts';
import type { ExplainedObject } from './failures.ts';
import { presenceAmong } from '../results/presence-among.ts';
import type { KernelCache } from './kernel-cache.ts';
import { presenceOf } from './presence.ts';
import { semanticChangeMarks } from './semantic-changes.ts';

/** Returns the relocation records of an object on a kernel; null if unknown. */
export type RecordsOf = (object: ExplainedObject, kernel: string) => readonly CellRelocation[] | null;

const CHECKS = new Set(['field_exists', 'type_exists', 'enumval_exists']);

/** An access, and the accesses that it continues: `a.b[1]`, `a.b` and `a`. */
function beginnings(access: string): string[] {
  return [access, ...[...access.matchAll(/[.[]/g)].map(({ index }) => access.slice(0, index))];
}

/**
 * Returns whether the program reads what a check tests. If not, the check tests something indirectly, such as a version or the order of
 * arguments.
 */
function readsOf(relocations: readonly ObjectRelocation[]): (ref: number) => boolean {
  const key = (program: string, access: string) => `${program} ${access}`;
  const reads = relocations.filter(({ kind }) => !CHECKS.has(kind));
  const read = new Set(reads.flatMap(({ program, access }) => beginnings(access).map((each) => key(program, each))));
  return (ref) => {
    const check = relocations[ref];
    return check !== undefined && read.has(key(check.program, check.access.replace(/^(?:struct|union) /, '')));
  };
}

/** Semantic changes of one object. Kernels with the same change are in one place. */
async function placesOf(object: ExplainedObject, cache: KernelCache, recordsOf: RecordsOf): Promise<SemanticChangePlace[]> {
  const { result, bpf } = object;
  const places = new Map<string, SemanticChangePlace>();
  const add = (ref: number, what: string, kernels: readonly string[]) => {
    const relocation = result.relocations[ref];
    if (!relocation) return;
    const { index, section, kind, access, spec, program, source } = relocation;
    const key = JSON.stringify([ref, what]);
    const place = places.get(key) ?? {
      object: result.id,
      program,
      relocation: { index, section, kind, access, spec },
      source,
      what,
      kernels: [],
    };
    place.kernels.push(...kernels);
    places.set(key, place);
  };
  const specs = bpf ? localSpecs(bpf) : [];
  const answers = new Map<number, { id: string; has: boolean | null }[]>();
  for (const { id } of cache.kernels) {
    const types = bpf ? await cache.typesOf(id) : null;
    const records = recordsOf(object, id);
    if (!bpf || !types) {
      for (const { ref, suspicious } of records ?? []) if (suspicious !== null) add(ref, suspicious, [id]);
      continue;
    }
    for (const [ref, what] of semanticChangeMarks(bpf, records ?? [], types)) add(ref, what, [id]);
    for (const [ref, { kind }] of bpf.relocations.entries()) {
      const local = CHECKS.has(kind) ? specs[ref] : null;
      if (local) answers.set(ref, [...(answers.get(ref) ?? []), { id, has: presenceOf(local, types).state === 'present' }]);
    }
  }
  const isRead = readsOf(result.relocations);
  for (const [ref, asked] of answers) {
    const { gaps, last, witnesses } = presenceAmong(asked);
    if (gaps.length > 0)
      add(ref, 'the check is false only here, although older and newer kernels pass it: verify that it still tests what you intend', gaps);
    const after = asked.slice(asked.findIndex(({ id }) => id === last) + 1).map(({ id }) => id);
    const cameAndWent = witnesses.length === 2 && witnesses[0]?.change === 'came' && after.length > 0;
    if (cameAndWent && !isRead(ref))
      add(
        ref,
        'the check was true on older kernels but is false again here: the program never reads what it checks, so the check is probably a version test, which may no longer hold',
        after,
      );
  }
  return [...places.values()];
}

/** Semantic changes of all objects on all kernels. */
export async function semanticChangePlaces(
  objects: readonly ExplainedObject[],
  cache: KernelCache,
  recordsOf: RecordsOf,
): Promise<SemanticChangePlace[]> {
  const found: SemanticChangePlace[] = [];
  for (const object of objects) found.push(...(await placesOf(object, cache, recordsOf)));
  return found;
}

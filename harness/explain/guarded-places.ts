// Finds accesses that kernels lack and that guards of the programs avoid.
import { guardsOf } from '../predict/reach/guards.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import type { CellRelocation } from '../results/schema.ts';
import type { Outcome } from '../base/vocabulary.ts';
import type { Guard, GuardedPlace } from '../results/explanation.ts';
import type { ExplainedObject } from './failures.ts';
import type { KernelCache } from './kernel-cache.ts';
import type { RecordsOf } from './semantic-change-places.ts';

const WITHOUT_TARGET: ReadonlySet<Outcome> = new Set(['poisoned', 'incompatible']);

function isAvoided({ outcome, reached }: CellRelocation): boolean {
  return WITHOUT_TARGET.has(outcome) && reached === 'no';
}

function guardAt({ relocations }: BpfObject, ref: number, value: string): Guard[] {
  const relocation = relocations[ref];
  if (!relocation) return [];
  const { index, section, kind, access, spec, source } = relocation;
  return [{ relocation: { index, section, kind, access, spec }, source, value }];
}

async function placesOf(object: ExplainedObject, cache: KernelCache, recordsOf: RecordsOf): Promise<GuardedPlace[]> {
  const { bpf, result } = object;
  const places = new Map<string, GuardedPlace>();
  for (const { id } of cache.kernels) {
    const avoided = new Set((recordsOf(object, id) ?? []).filter(isAvoided).map(({ ref }) => ref));
    const types = bpf && avoided.size > 0 ? await cache.typesOf(id) : null;
    if (!bpf || !types) continue;
    const guards = guardsOf(bpf, types, avoided);
    for (const ref of avoided) {
      const relocation = bpf.relocations[ref];
      if (!relocation) continue;
      const { index, section, kind, access, spec, program, source } = relocation;
      const own = guards.get(ref) ?? [];
      const key = JSON.stringify([ref, own]);
      const place: GuardedPlace = places.get(key) ?? {
        object: result.id,
        program,
        relocation: { index, section, kind, access, spec },
        source,
        kernels: [],
        guards: own.flatMap((guard) => guardAt(bpf, guard.ref, guard.value)),
      };
      place.kernels.push(id);
      places.set(key, place);
    }
  }
  return [...places.values()];
}

/** Guarded accesses of all objects on all kernels with known BTF. */
export async function guardedPlaces(
  objects: readonly ExplainedObject[],
  cache: KernelCache,
  recordsOf: RecordsOf,
): Promise<GuardedPlace[]> {
  const found: GuardedPlace[] = [];
  for (const object of objects) found.push(...(await placesOf(object, cache, recordsOf)));
  return found;
}

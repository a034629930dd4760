// What became of one relocation, from what libbpf printed about it: outcome, values, and what is odd although it passes.
import type { RelocationFacts } from '../../logs/libbpf/facts.ts';
import { isIncompatible, parseSpec, type Spec } from '../../bpf/core-spec/printed.ts';
import { essentialName } from '../../bpf/btf/essential-name.ts';
import type { ObjectRelocation } from '../../bpf/object/places.ts';
import type { Outcome, RelocationKind } from '../../base/vocabulary.ts';

/** Kinds that give 0 instead of poison when the target is missing. */
const GUARDS = new Set<RelocationKind>(['field_exists', 'type_exists', 'enumval_exists', 'type_matches', 'type_size', 'target_type_id']);

/** Kinds whose value is a BTF id, which differs from kernel to kernel and means nothing by itself: another id has not moved. */
const IDS = new Set<RelocationKind>(['local_type_id', 'target_type_id']);

/** Hard errors that say the field is there but not in a form the instruction can use. */
const UNUSABLE = /value too big|unexpected mem size|invalid new mem size|can't be satisfied for bitfield|can't be applied to array access/;

/** A candidate of the right name has the member, but of a kind that may not stand for the one compiled in. */
export function hasIncompatibleCandidate(facts: RelocationFacts): boolean {
  return facts.candidates.some(({ spec, matches }) => {
    const candidate = matches ? null : parseSpec(spec);
    return candidate !== null && isIncompatible(candidate);
  });
}

/** Decides the outcome; `null` facts are a relocation libbpf never printed. */
export function outcomeOf(kind: RelocationKind, facts: RelocationFacts | null): Outcome {
  if (!facts) return 'not-reached';
  if (facts.ambiguity !== null) return 'ambiguous';
  if (facts.poisoned.length > 0) return facts.wrongAccess || hasIncompatibleCandidate(facts) ? 'incompatible' : 'poisoned';
  if (facts.error !== null) return UNUSABLE.test(facts.error) ? 'incompatible' : 'not-reached';
  if (!facts.patch) return 'not-reached';
  if (facts.noTarget && GUARDS.has(kind)) return 'absent-guarded';
  if (IDS.has(kind)) return 'resolved';
  return facts.patch.from === facts.patch.to ? 'resolved' : 'moved';
}

/** The value compiled in, as far as a local spec tells it. */
function valueInSpec(kind: RelocationKind, spec: Spec): string | null {
  if (kind === 'byte_off') return spec.offset === null ? null : String(spec.offset);
  if (kind === 'enumval_value') return spec.enumerator?.value ?? null;
  if (kind === 'local_type_id' || kind === 'target_type_id') return spec.typeId === null ? null : String(spec.typeId);
  return kind.endsWith('_exists') || kind === 'type_matches' ? '1' : null;
}

/** The values compiled in and after relocation, decimal; null where there is none or none was printed. */
export function valuesOf(relocation: ObjectRelocation, facts: RelocationFacts | null): { local: string | null; target: string | null } {
  if (facts?.patch) return { local: facts.patch.from, target: facts.patch.to };
  const spec = parseSpec(facts?.spec ?? relocation.spec);
  return { local: spec && valueInSpec(relocation.kind, spec), target: null };
}

function enclosingTypeChanged(local: Spec | null, facts: RelocationFacts): string | null {
  const matching = facts.candidates.find(({ matches }) => matches);
  const target = matching ? parseSpec(matching.spec) : null;
  if (!local || !target || essentialName(local.typeName) === essentialName(target.typeName)) return null;
  return `it is found in ${target.type}, not in ${local.type}`;
}

const SIGN: Partial<Record<string, string>> = { 0: 'unsigned', 1: 'signed' };

/**
 * One short sentence when a relocation passes but the code reads something else than was compiled: other size, other sign, other
 * enclosing type. Null when all is well.
 * @param shifts whether the same field has bitfield shifts relocated beside: then size and sign are taken into account by the reader
 */
export function suspicionOf(relocation: ObjectRelocation, facts: RelocationFacts | null, shifts: boolean): string | null {
  if (!facts?.patch || facts.noTarget || facts.poisoned.length > 0) return null;
  if (facts.memSize) return `the field is read with ${facts.memSize.to} bytes here, with ${facts.memSize.from} as compiled`;
  const { from, to } = facts.patch;
  if (relocation.kind === 'byte_sz' && from !== to && !shifts) return `the field has ${to} bytes here, ${from} as compiled`;
  if (relocation.kind === 'signed' && from !== to && !shifts)
    return `the field is ${SIGN[to] ?? to} here, ${SIGN[from] ?? from} as compiled`;
  return enclosingTypeChanged(parseSpec(facts.spec ?? relocation.spec), facts);
}

// Reads outcome, values and suspicious changes of one relocation from libbpf's log.
import type { RelocationFacts } from '../../logs/loader-log.ts';
import { isIncompatible, parseSpec, type Spec } from '../../bpf/core-spec/printed.ts';
import { essentialName } from '../../bpf/btf/essential-name.ts';
import type { ObjectRelocation } from '../../bpf/object/places.ts';
import type { Outcome, RelocationKind } from '../../base/vocabulary.ts';

/** Kinds that become 0 instead of poison if the target is missing. */
const GUARDS = new Set<RelocationKind>(['field_exists', 'type_exists', 'enumval_exists', 'type_matches', 'type_size', 'target_type_id']);

/** Kinds whose value is a BTF id. Ids differ between kernels, so another id does not mean that something moved. */
const IDS = new Set<RelocationKind>(['local_type_id', 'target_type_id']);

/** Errors for a field that exists but that the instruction cannot access. */
const UNUSABLE = /value too big|unexpected mem size|invalid new mem size|can't be satisfied for bitfield|can't be applied to array access/;

/** True if a candidate type has the member, but with an incompatible kind of type. */
export function hasIncompatibleCandidate(facts: RelocationFacts): boolean {
  return facts.candidates.some(({ spec, matches }) => {
    const candidate = matches ? null : parseSpec(spec);
    return candidate !== null && isIncompatible(candidate);
  });
}

/** Decides the outcome. `facts` is null if libbpf printed nothing about the relocation. */
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

/** The compiled value, if the local spec contains it. */
function valueInSpec(kind: RelocationKind, spec: Spec): string | null {
  if (kind === 'byte_off') return spec.offset === null ? null : String(spec.offset);
  if (kind === 'enumval_value') return spec.enumerator?.value ?? null;
  if (kind === 'local_type_id' || kind === 'target_type_id') return spec.typeId === null ? null : String(spec.typeId);
  return kind.endsWith('_exists') || kind === 'type_matches' ? '1' : null;
}

/** The values before and after relocation as decimal text; null if there is none or libbpf did not print it. */
export function valuesOf(relocation: ObjectRelocation, facts: RelocationFacts | null): { local: string | null; target: string | null } {
  if (facts?.patch) return { local: facts.patch.from, target: facts.patch.to };
  const spec = parseSpec(facts?.spec ?? relocation.spec);
  return { local: spec && valueInSpec(relocation.kind, spec), target: null };
}

function enclosingTypeChanged(local: Spec | null, facts: RelocationFacts): string | null {
  const matching = facts.candidates.find(({ matches }) => matches);
  const target = matching ? parseSpec(matching.spec) : null;
  if (!local || !target || essentialName(local.typeName) === essentialName(target.typeName)) return null;
  return `it resolves to ${target.type} here, compiled for ${local.type}`;
}

const SIGN: Partial<Record<string, string>> = { 0: 'unsigned', 1: 'signed' };

/**
 * Describes in one line why a relocation that passes may read something else than compiled: another size, sign or enclosing type. Null
 * if nothing is suspicious.
 * @param shifts true if bitfield shifts of the same field are relocated too: the program then handles another size and sign
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

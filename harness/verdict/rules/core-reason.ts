// Class and reason of a relocation that made a load fail.
import { basename } from 'node:path';
import type { RelocationFacts } from '../../logs/loader-log.ts';
import { accessOf, parseSpec } from '../../bpf/core-spec/printed.ts';
import { hasIncompatibleCandidate } from '../relocations/outcome.ts';
import { type ObjectRelocation, refOf, type SourceLine } from '../../bpf/object/places.ts';
import type { FailureClass } from '../../base/failures.ts';
import type { RelocationKind } from '../../base/vocabulary.ts';
import type { JudgedObject } from './context.ts';

/** The caller adds the stage: either libbpf fails at the relocation, or the verifier reaches it. */
export interface CoreFinding {
  class: FailureClass;
  reason: string;
}

/** `tracing.bpf.c:23`, or `near ...` if the line does not name the access. */
function placeOf(source: SourceLine): string {
  const place = `${basename(source.file)}:${source.line}`;
  return source.exact ? place : `near ${place}`;
}

function detailOf(kind: RelocationKind | null, relocation: ObjectRelocation | null): string {
  const details = [kind, relocation?.source ? placeOf(relocation.source) : null].filter((detail) => detail !== null);
  return details.length > 0 ? ` (${details.join(', ')})` : '';
}

/** libbpf prints the two conflicting offsets in bits. */
function ambiguityOf(text: string): string {
  const bits = /^field offset ambiguity: (\d{1,10}) != (\d{1,10})$/.exec(text);
  return bits ? `offset ${Number(bits[1]) / 8} in one candidate, ${Number(bits[2]) / 8} in another` : text;
}

function judge(facts: RelocationFacts, kind: RelocationKind | null, type: string): { class: FailureClass; what: string } {
  if (facts.ambiguity !== null) {
    return { class: 'core-ambiguous', what: `the kernel has several types of this name, and they differ: ${ambiguityOf(facts.ambiguity)}` };
  }
  if (facts.error !== null) return { class: 'core-other', what: facts.error };
  if (facts.wrongAccess)
    return { class: 'core-field-incompatible', what: 'its size or sign on this kernel does not fit the compiled access' };
  if (kind === 'enumval_value' || kind === 'enumval_exists') {
    return { class: 'core-enum-missing', what: facts.candidates.length === 0 ? `no such type ${type}` : 'no such enumerator' };
  }
  if (facts.noTarget && facts.candidates.length === 0) return { class: 'core-type-missing', what: `no such type ${type}` };
  if (hasIncompatibleCandidate(facts)) return { class: 'core-field-incompatible', what: 'its type is of another kind on this kernel' };
  if (facts.noTarget) return { class: 'core-field-missing', what: 'no such field' };
  return { class: 'core-other', what: 'cannot be relocated' };
}

function relocationOf(facts: RelocationFacts, { relocations }: JudgedObject): ObjectRelocation | null {
  return relocations[refOf(relocations, facts) ?? -1] ?? null;
}

/** The access and its root type, from the object's relocation, otherwise from libbpf's spec. */
function nameOf(spec: string | null, relocation: ObjectRelocation | null): { access: string; type: string } {
  const parsed = parseSpec(spec ?? relocation?.spec ?? '');
  return { access: relocation?.access ?? (parsed ? accessOf(parsed) : 'a relocation'), type: parsed?.type ?? '' };
}

/** Class and reason of a failure by this relocation: `task_struct.state: no such field (byte_off, tracing.bpf.c:23)`. */
export function coreFinding(facts: RelocationFacts, object: JudgedObject): CoreFinding {
  const relocation = relocationOf(facts, object);
  const kind = relocation?.kind ?? facts.kind;
  const { access, type } = nameOf(facts.spec, relocation);
  const { class: failureClass, what } = judge(facts, kind, type);
  return { class: failureClass, reason: `${access}: ${what}${detailOf(kind, relocation)}` };
}

/** Class and reason if only the end of a verifier log names the relocation, so the cause of the missing target is unknown. */
export function namedFinding(named: { kind: RelocationKind | null; spec: string } | null, insn: number | null): CoreFinding {
  const at = insn === null ? '' : ` at insn ${insn}`;
  if (!named) return { class: 'core-other', reason: `the verifier reaches a CO-RE relocation without a target${at}` };
  const { access } = nameOf(named.spec, null);
  const failureClass = named.kind === 'enumval_value' ? 'core-enum-missing' : 'core-other';
  return { class: failureClass, reason: `${access}: no target in this kernel${detailOf(named.kind, null)}` };
}

// Makes the relocation records of one cell.
import type { RelocationFacts } from '../../logs/libbpf/facts.ts';
import { accessOf, parseSpec } from '../../bpf/core-spec/printed.ts';
import type { CellRelocation } from '../../results/schema.ts';
import type { ObjectRelocation } from '../../bpf/object/places.ts';
import type { Reached, RelocationKind } from '../../base/vocabulary.ts';
import type { ReadAttempt } from '../evidence/attempt.ts';
import { outcomeOf, suspicionOf, valuesOf } from './outcome.ts';
import { partsOf, reachedPoison } from './poison.ts';

/** An attempt with its relocations indexed. */
interface Source {
  attempt: ReadAttempt;
  /** Keyed by relocation number and (sub)program as printed. */
  relocations: Map<string, RelocationFacts>;
  /** Programs and subprograms that the attempt loads. */
  parts: Set<string>;
  /** The poisoned relocation that the verifier log names. */
  reached: RelocationFacts | null;
}

/** The object's entry programs and relocations. */
export interface RecordedObject {
  programs: readonly { name: string }[];
  relocations: readonly ObjectRelocation[];
}

const key = (program: string, index: number) => `${index} ${program}`;

function sourceOf(attempt: ReadAttempt, programs: readonly string[]): Source {
  const { log, rejected } = attempt;
  const skipped = new Set(log.skipped);
  const loaded = attempt.program === null ? programs.filter((name) => !skipped.has(name)) : [attempt.program];
  return {
    attempt,
    relocations: new Map(log.relocations.map((facts) => [key(facts.program, facts.index), facts])),
    parts: new Set(loaded.flatMap((name) => partsOf(log, name))),
    reached: rejected?.verifier ? reachedPoison(log, rejected.program, rejected.verifier) : null,
  };
}

/** libbpf prints the program, bpftool the section. */
function factsIn(source: Source, { program, section, index }: ObjectRelocation): RelocationFacts | null {
  return source.relocations.get(key(program, index)) ?? source.relocations.get(key(section, index)) ?? null;
}

/** How far libbpf processed a relocation. The record is made from the attempt that went furthest. */
function progress(facts: RelocationFacts | null): number {
  if (!facts) return 0;
  return facts.patch || facts.poisoned.length > 0 || facts.error !== null ? 2 : 1;
}

/** Ranks an attempt: first the program's own, then one that contains the program, then the others. */
function relevance(source: Source, program: string): number {
  if (source.attempt.program === program) return 2;
  return source.parts.has(program) ? 1 : 0;
}

function chooseFacts(sources: readonly Source[], relocation: ObjectRelocation): RelocationFacts | null {
  const ranked = sources
    .map((source) => ({ facts: factsIn(source, relocation), relevance: relevance(source, relocation.program) }))
    .toSorted((a, b) => progress(b.facts) - progress(a.facts) || b.relevance - a.relevance);
  return ranked[0]?.facts ?? null;
}

/**
 * Whether the verifier reached a poisoned instruction: `yes` if a log names it, `no` if every program that contains it loaded, because
 * the instruction is then dead code.
 */
function reachedOf(all: readonly Source[], telling: readonly Source[], relocation: ObjectRelocation): Reached {
  if (all.some((source) => source.reached !== null && factsIn(source, relocation) === source.reached)) return 'yes';
  const containing = telling.filter((source) => source.parts.has(relocation.program));
  return containing.length > 0 && containing.every((source) => source.attempt.reached === 'done') ? 'no' : 'unknown';
}

const SHIFTS = new Set<RelocationKind>(['lshift_u64', 'rshift_u64']);

/** Identifies an access in a (sub)program, for every kind of relocation. */
function accessKey({ program, spec, access }: ObjectRelocation): string {
  const parsed = parseSpec(spec);
  return `${program} ${parsed ? accessOf(parsed) : access}`;
}

/**
 * Returns one record for each relocation of the object, in its order. The facts come from the load of the whole object if it
 * succeeded, otherwise from the attempt that went furthest with the relocation, preferably the attempt with its own program.
 */
export function relocationRecords(object: RecordedObject, attempts: readonly ReadAttempt[]): CellRelocation[] {
  const programs = object.programs.map(({ name }) => name);
  const sources = attempts.map((attempt) => sourceOf(attempt, programs));
  const whole = sources.filter(({ attempt }) => attempt.program === null);
  const single = sources.filter(({ attempt }) => attempt.program !== null);
  const wholeLoaded = whole.some(({ attempt }) => attempt.reached === 'done');
  const telling = wholeLoaded || single.length === 0 ? whole : single;
  const shifted = new Set(object.relocations.filter(({ kind }) => SHIFTS.has(kind)).map(accessKey));

  return object.relocations.map((relocation, ref) => {
    const facts = chooseFacts(wholeLoaded ? whole : sources, relocation);
    const outcome = outcomeOf(relocation.kind, facts);
    const poisoned = facts !== null && facts.poisoned.length > 0;
    return {
      ref,
      outcome,
      ...valuesOf(relocation, facts),
      reached: poisoned ? reachedOf(sources, telling, relocation) : null,
      candidates: facts?.candidates ?? [],
      suspicious: suspicionOf(relocation, facts, shifted.has(accessKey(relocation))),
      warnings: facts?.warnings ?? [],
    };
  });
}

// The ledger of one cell: what became of every relocation of the object on that kernel.
import type { RelocationFacts } from '../../logs/libbpf/facts.ts';
import { accessOf, parseSpec } from '../../bpf/core-spec/printed.ts';
import type { CellRelocation } from '../../results/schema.ts';
import type { ObjectRelocation } from '../../bpf/object/places.ts';
import type { Reached, RelocationKind } from '../../base/vocabulary.ts';
import type { ReadAttempt } from '../evidence/attempt.ts';
import { outcomeOf, suspicionOf, valuesOf } from './outcome.ts';
import { partsOf, reachedPoison } from './poison.ts';

/** An attempt with its relocations ready to be looked up. */
interface Source {
  attempt: ReadAttempt;
  /** By (sub)program as printed and number. */
  relocations: Map<string, RelocationFacts>;
  /** Programs and subprograms that were to be loaded. */
  parts: Set<string>;
  /** The poisoned relocation its verifier log names. */
  reached: RelocationFacts | null;
}

/** What the ledger must know of the object: its entry programs and its relocations. */
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

/** bpftool prints the section where libbpf prints the program. */
function factsIn(source: Source, { program, section, index }: ObjectRelocation): RelocationFacts | null {
  return source.relocations.get(key(program, index)) ?? source.relocations.get(key(section, index)) ?? null;
}

/** How far libbpf came with a relocation: the ledger takes the attempt that came furthest. */
function progress(facts: RelocationFacts | null): number {
  if (!facts) return 0;
  return facts.patch || facts.poisoned.length > 0 || facts.error !== null ? 2 : 1;
}

/** Sources that have the program in them come first, its own before those that only call it. */
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
 * Whether the verifier came to a poisoned instruction: `yes` when a log names it, `no` when every program with it loaded, which
 * happens only when the instruction is dead code.
 */
function reachedOf(all: readonly Source[], telling: readonly Source[], relocation: ObjectRelocation): Reached {
  if (all.some((source) => source.reached !== null && factsIn(source, relocation) === source.reached)) return 'yes';
  const containing = telling.filter((source) => source.parts.has(relocation.program));
  return containing.length > 0 && containing.every((source) => source.attempt.reached === 'done') ? 'no' : 'unknown';
}

const SHIFTS = new Set<RelocationKind>(['lshift_u64', 'rshift_u64']);

/** What is accessed, within a (sub)program, whatever the kind of relocation. */
function accessKey({ program, spec, access }: ObjectRelocation): string {
  const parsed = parseSpec(spec);
  return `${program} ${parsed ? accessOf(parsed) : access}`;
}

/**
 * One entry for each relocation of the object, in its order. A relocation's facts come from the load of the whole object if that
 * succeeded, else from the attempt with its own program, else from whichever attempt came furthest with it.
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

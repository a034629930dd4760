// Makes the relocation records of one cell.
import type { RelocationFacts } from '../../logs/loader-log.ts';
import { accessOf, parseSpec } from '../../bpf/core-spec/printed.ts';
import type { CellRelocation } from '../../results/schema.ts';
import type { ObjectRelocation } from '../../bpf/object/places.ts';
import type { Reached, RelocationKind } from '../../base/vocabulary.ts';
import type { ReadAttempt } from '../evidence/attempt.ts';
import { outcomeOf, suspicionOf, valuesOf } from './outcome.ts';
import { partsOf, reachedPoison } from './poison.ts';

/** An attempt, and what it shows about the parts of the object. */
interface Source {
  attempt: ReadAttempt;
  /** Position among the attempts. */
  at: number;
  /** Programs and subprograms that the attempt loads. */
  parts: Set<string>;
  /** The poisoned relocation that the verifier log names. */
  reached: RelocationFacts | null;
}

/** What one attempt printed about a relocation. */
interface Printed {
  source: Source;
  facts: RelocationFacts;
}

/** The object's entry programs and relocations. */
export interface RecordedObject {
  programs: readonly { name: string }[];
  relocations: readonly ObjectRelocation[];
}

const key = (program: string, index: number) => `${index} ${program}`;

function sourceOf(attempt: ReadAttempt, at: number, programs: readonly string[]): Source {
  const { log, rejected } = attempt;
  const skipped = new Set(log.skipped);
  const loaded = attempt.program === null ? programs.filter((name) => !skipped.has(name)) : [attempt.program];
  return {
    attempt,
    at,
    parts: new Set(loaded.flatMap((name) => partsOf(log, name))),
    reached: rejected?.verifier ? reachedPoison(log, rejected.program, rejected.verifier) : null,
  };
}

/** Returns what the attempts printed about a relocation, in their order, without a search through all of them. */
function printedBy(sources: readonly Source[]): (relocation: ObjectRelocation) => readonly Printed[] {
  const byKey = new Map<string, Map<Source, Printed>>();
  for (const source of sources) {
    for (const facts of source.attempt.log.relocations) {
      const name = key(facts.program, facts.index);
      const known = byKey.get(name);
      if (known) known.set(source, { source, facts });
      else byKey.set(name, new Map([[source, { source, facts }]]));
    }
  }
  // libbpf prints the program, bpftool the section.
  return ({ program, section, index }) => {
    const named = [byKey.get(key(section, index)), byKey.get(key(program, index))];
    const found = new Map(named.flatMap((each) => [...(each ?? [])]));
    return [...found.values()].toSorted((a, b) => a.source.at - b.source.at);
  };
}

/** How far libbpf processed a relocation. The record is made from the attempt that went furthest. */
function progress({ patch, poisoned, error }: RelocationFacts): number {
  return patch || poisoned.length > 0 || error !== null ? 2 : 1;
}

/** Ranks an attempt: first the program's own, then one that contains the program, then the others. */
function relevance({ attempt, parts }: Source, program: string): number {
  if (attempt.program === program) return 2;
  return parts.has(program) ? 1 : 0;
}

function chooseFacts(printed: readonly Printed[], { program }: ObjectRelocation): RelocationFacts | null {
  const ranked = printed.toSorted(
    (a, b) => progress(b.facts) - progress(a.facts) || relevance(b.source, program) - relevance(a.source, program),
  );
  return ranked[0]?.facts ?? null;
}

/** For each (sub)program in the attempts: whether every attempt that contains it loaded. */
function loadedParts(sources: readonly Source[]): ReadonlyMap<string, boolean> {
  const loaded = new Map<string, boolean>();
  for (const { attempt, parts } of sources)
    for (const part of parts) loaded.set(part, attempt.reached === 'done' && loaded.get(part) !== false);
  return loaded;
}

/**
 * Whether the verifier reached a poisoned instruction: `yes` if a log names it, `no` if every program that contains it loaded, because
 * the instruction is then dead code.
 */
function reachedOf(printed: readonly Printed[], loaded: ReadonlyMap<string, boolean>, { program }: ObjectRelocation): Reached {
  if (printed.some(({ source, facts }) => source.reached === facts)) return 'yes';
  return loaded.get(program) === true ? 'no' : 'unknown';
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
  const sources = attempts.map((attempt, at) => sourceOf(attempt, at, programs));
  const whole = sources.filter(({ attempt }) => attempt.program === null);
  const single = sources.filter(({ attempt }) => attempt.program !== null);
  const wholeLoaded = whole.some(({ attempt }) => attempt.reached === 'done');
  const loaded = loadedParts(wholeLoaded ? whole : single);
  const printedAbout = printedBy(sources);
  const shifted = new Set(object.relocations.filter(({ kind }) => SHIFTS.has(kind)).map(accessKey));

  return object.relocations.map((relocation, ref) => {
    const printed = printedAbout(relocation);
    const counting = wholeLoaded ? printed.filter(({ source }) => source.attempt.program === null) : printed;
    const facts = chooseFacts(counting, relocation);
    const outcome = outcomeOf(relocation.kind, facts);
    const poisoned = facts !== null && facts.poisoned.length > 0;
    return {
      ref,
      outcome,
      ...valuesOf(relocation, facts),
      reached: poisoned ? reachedOf(printed, loaded, relocation) : null,
      candidates: facts?.candidates ?? [],
      suspicious: suspicionOf(relocation, facts, shifted.has(accessKey(relocation))),
      warnings: facts?.warnings ?? [],
    };
  });
}

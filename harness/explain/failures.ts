// Collects failures from predictions or from results: for each failing program the first failure and all that would follow.
import type { PredictedCell } from '../predict/predicted-cell.ts';
import type { BpfObject } from '../bpf/object/object.ts';
import { instructionLines, type LineOf } from '../bpf/object/source-line.ts';
import type { CellProgram, CellRelocation, CellResult, FailurePlace, ObjectResult, Results } from '../results/schema.ts';
import type { ObjectRelocation } from '../bpf/object/places.ts';
import { type FailureClass, isRelocationFailure } from '../base/failures.ts';
import { grouped } from '../base/text.ts';
import type { Outcome, Reached, Stage } from '../base/vocabulary.ts';
import { calledFunctions } from '../predict/reach/called.ts';
import { formatLog, type LogEvidence, logEvidence } from './evidence.ts';
import type { LogLine } from '../results/explanation.ts';

/** An object whose failures are explained; `bpf` is null if its file is missing or has changed since the run. */
export interface ExplainedObject {
  result: ObjectResult;
  bpf: BpfObject | null;
}

export interface ProgramFailure {
  object: string;
  kernel: string;
  program: string;
  stage: Stage;
  class: FailureClass;
  reason: string;
  /** `seen` in a guest, `certain` by prediction, or `possible`: only if the verifier reaches the place. */
  certainty: 'seen' | 'certain' | 'possible';
  /** Position in the object's relocations; null if the failure concerns no relocation. */
  ref: number | null;
  /** True for the failure with which the program ended; false for those that would follow. */
  reported: boolean;
  reached: Reached | null;
  at: FailurePlace | null;
  evidence: string[];
  log: LogLine | null;
}

interface Explaining {
  result: ObjectResult;
  /** Whether a program calls a subprogram. */
  calls: (program: string, subprogram: string) => boolean;
}

const BAD: ReadonlySet<Outcome> = new Set(['poisoned', 'incompatible', 'ambiguous']);

type Verdict = Omit<ProgramFailure, 'ref' | 'reported' | 'reached'>;

/** A relocation without a target that the verifier may reach. */
interface Bad {
  record: CellRelocation;
  relocation: ObjectRelocation;
}

/** Returns the bad relocations of a program, and those of subprograms that it calls. */
type BadOf = (program: string) => readonly Bad[];

/** Returns whether a program calls a subprogram, by their names. If the file of the object is missing, any program may. */
function callsIn({ bpf }: ExplainedObject): (program: string, subprogram: string) => boolean {
  if (!bpf) return () => true;
  const calledBy = calledFunctions(bpf);
  const known = new Map<string, ReadonlySet<string>>();
  const namesOf = (name: string): ReadonlySet<string> => {
    const programs = bpf.programs.filter((program) => program.name === name);
    return new Set(programs.flatMap((program) => [...calledBy(program).keys()]).map((called) => called.name));
  };
  return (program, subprogram) => {
    const names = known.get(program) ?? namesOf(program);
    known.set(program, names);
    return names.has(subprogram);
  };
}

function badIn({ result: { relocations }, calls }: Explaining, records: readonly CellRelocation[]): BadOf {
  const bad = records.flatMap((record): Bad[] => {
    const relocation = relocations[record.ref];
    return relocation && BAD.has(record.outcome) && record.reached !== 'no' ? [{ record, relocation }] : [];
  });
  const isShared = ({ relocation }: Bad) => relocation.section === '.text';
  const shared = bad.filter(isShared);
  const own = grouped(
    bad.filter((each) => !isShared(each)),
    ({ relocation }) => relocation.program,
  );
  return (program) => {
    const called = shared.filter(({ relocation }) => calls(program, relocation.program));
    return [...(own.get(program) ?? []), ...called].toSorted((a, b) => a.record.ref - b.record.ref);
  };
}

/** The failure class that a verdict would give to a relocation without a target. */
function classOf({ kind }: ObjectRelocation, { outcome, candidates }: CellRelocation): FailureClass {
  if (outcome === 'ambiguous') return 'core-ambiguous';
  if (outcome === 'incompatible') return 'core-field-incompatible';
  if (kind === 'enumval_value' || kind === 'enumval_exists') return 'core-enum-missing';
  return candidates.length === 0 ? 'core-type-missing' : 'core-field-missing';
}

/** The failure by a relocation other than the one with which the program ended. */
function failureBehind(relocation: ObjectRelocation, record: CellRelocation): Pick<Verdict, 'stage' | 'class' | 'at' | 'log'> {
  const stage = record.outcome === 'ambiguous' ? 'relocate' : 'verify';
  return { stage, class: classOf(relocation, record), at: null, log: null };
}

/** The failure of a program, and those that would follow: all relocations without a target that the verifier may reach. */
function failuresOf(verdict: Verdict, badOf: BadOf): ProgramFailure[] {
  const isCore = isRelocationFailure(verdict.class);
  const bad = badOf(verdict.program);
  const named = bad.filter(({ relocation }) => isCore && verdict.reason.startsWith(`${relocation.access}: `));
  // If several have the same reason, the one that the verifier reached.
  const met = named.find(({ record }) => record.reached === 'yes') ?? named[0] ?? (isCore ? bad[0] : undefined);
  const found = bad.map(({ record, relocation }): ProgramFailure => {
    const isMet = record === met?.record;
    return {
      ...verdict,
      ...(isMet ? {} : failureBehind(relocation, record)),
      ref: record.ref,
      reported: isMet,
      reached: record.reached,
      evidence: formatLog(relocation, record),
    };
  });
  return met ? found : [{ ...verdict, ref: null, reported: true, reached: null }, ...found];
}

/** Source lines of an object's instructions. */
function linesOf({ bpf }: ExplainedObject): LineOf {
  return bpf?.ext ? instructionLines([...bpf.programs, ...bpf.subprograms], bpf.ext.lines) : () => null;
}

/** Failures of an object on a kernel, predicted from BTF. */
export function predictedFailures(object: ExplainedObject, cell: PredictedCell, kernel: string): ProgramFailure[] {
  const lineOf = linesOf(object);
  const badOf = badIn({ result: object.result, calls: callsIn(object) }, cell.relocations);
  return cell.programs.flatMap(({ name, failure, possible, findings }) => {
    const first = failure ?? possible;
    if (!first) return [];
    const place = (at: { program: string; insn: number } | null) =>
      at && { ...at, text: null, state: null, source: lineOf(at.program, at.insn) };
    const own = findings.find(({ failure: each }) => each.reason === first.reason);
    const common = { object: object.result.id, kernel, program: name, log: null };
    const verdict: Verdict = {
      ...common,
      ...first,
      certainty: failure ? 'certain' : 'possible',
      at: place(own?.at ?? null),
      evidence: [first.reason],
    };
    const others = findings.filter(({ failure: each }) => each.reason !== first.reason);
    return [
      ...failuresOf(verdict, badOf),
      ...others.map(({ failure: each, certain, at }): ProgramFailure => {
        const certainty = certain ? 'certain' : 'possible';
        return { ...common, ...each, certainty, at: place(at), evidence: [each.reason], ref: null, reported: false, reached: null };
      }),
    ];
  });
}

/** The observed failure of one program, with the log lines that prove it; null if it did not fail. */
function seenVerdict(cell: CellResult, program: CellProgram, results: Results): Verdict | null {
  const { name, status, stage, class: failure, reason, at } = program;
  if ((status !== 'fail' && status !== 'xfail') || failure === null) return null;
  const { lines, log }: LogEvidence = logEvidence(cell, program, results.logs);
  return {
    object: cell.object,
    kernel: cell.kernel,
    program: name,
    stage: stage ?? 'open',
    class: failure,
    reason: reason ?? '',
    certainty: 'seen',
    at: at ?? null,
    evidence: lines,
    log,
  };
}

/** Whether a run does not show the outcome of a relocation, or whether the verifier reaches it. */
export function isOpen({ outcome, reached }: CellRelocation): boolean {
  return outcome === 'not-reached' || reached === 'unknown';
}

/** Observed records. Where the verifier ended before a relocation, the prediction shows whether it would reach it. */
export function withPredictedReach(records: readonly CellRelocation[], predicted: readonly CellRelocation[] | null): CellRelocation[] {
  return records.map((record) => {
    const other = predicted?.[record.ref];
    return record.reached === 'unknown' && record.outcome === other?.outcome ? { ...record, reached: other.reached } : record;
  });
}

/** Predicts the relocations of a cell that its load leaves open; null if that is not possible. */
export type PredictedFailures = (cell: CellResult) => readonly CellRelocation[] | null;

/**
 * Failures in the results of a run, expected failures included.
 * @param wanted selects cells
 * @param predicted replaces relocations that libbpf did not reach, and completes those that the verifier did not reach
 * @param objects the objects of the results whose files are available
 */
export function seenFailures(
  results: Results,
  wanted: (kernel: string, object: string) => boolean,
  predicted: PredictedFailures = () => null,
  objects: readonly ExplainedObject[] = [],
): ProgramFailure[] {
  const bpfOf = new Map(objects.map(({ result, bpf }) => [result.id, bpf]));
  const byId = new Map(
    results.objects.map((result) => [result.id, { result, calls: callsIn({ result, bpf: bpfOf.get(result.id) ?? null }) }]),
  );
  return results.cells.flatMap((cell) => {
    const object = byId.get(cell.object);
    if (!object || !wanted(cell.kernel, cell.object)) return [];
    const instead = cell.relocations.some(isOpen) ? predicted(cell) : null;
    const records = withPredictedReach(cell.relocations, instead).map((record) => {
      return record.outcome === 'not-reached' ? (instead?.[record.ref] ?? record) : record;
    });
    const badOf = badIn(object, records);
    return cell.programs.flatMap((program) => {
      const verdict = seenVerdict(cell, program, results);
      return verdict ? failuresOf(verdict, badOf) : [];
    });
  });
}

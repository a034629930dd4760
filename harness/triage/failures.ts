// What fails where, from predictions or from results, in one shape: every relocation a failing program would run into, not the first alone.
import type { PredictedCell } from '../predict/predict.ts';
import type { BpfObject } from '../object/object.ts';
import type { CellRelocation, ObjectRelocation, ObjectResult, Results } from '../results/schema.ts';
import type { FailureClass, Outcome, Reached } from '../results/words.ts';
import { formatLog } from './evidence.ts';

/** An object whose failures are explained; `bpf` is null where only results are left of it. */
export interface ExplainedObject {
  result: ObjectResult;
  bpf: BpfObject | null;
}

export interface ProgramFailure {
  object: string;
  kernel: string;
  program: string;
  class: FailureClass;
  reason: string;
  /** `seen` in a guest; `certain` or `possible` as BTF tells: then it depends on whether the verifier comes to it. */
  certainty: 'seen' | 'certain' | 'possible';
  /** Position in the object's relocations; null for failures of another kind. */
  ref: number | null;
  /** The failure the program ended with; others stand behind it. */
  reported: boolean;
  reached: Reached | null;
  evidence: string[];
}

const BAD: ReadonlySet<Outcome> = new Set(['poisoned', 'incompatible', 'ambiguous']);

type Verdict = Pick<ProgramFailure, 'object' | 'kernel' | 'program' | 'class' | 'reason' | 'certainty' | 'evidence'>;

/** A relocation that belongs to the program, or to a subprogram, which any program may call. */
function belongs({ program, section }: ObjectRelocation, to: string): boolean {
  return program === to || section === '.text';
}

/** The class of a relocation without target, as a verdict would have it. */
function classOf({ kind }: ObjectRelocation, { outcome, candidates }: CellRelocation): FailureClass {
  if (outcome === 'ambiguous') return 'core-ambiguous';
  if (outcome === 'incompatible') return 'core-field-incompatible';
  if (kind === 'enumval_value' || kind === 'enumval_exists') return 'core-enum-missing';
  return candidates.length === 0 ? 'core-type-missing' : 'core-field-missing';
}

/** The failure of a program, and those behind it: all relocations without target that the verifier may come to. */
function failuresOf(verdict: Verdict, object: ObjectResult, ledger: readonly CellRelocation[]): ProgramFailure[] {
  const isCore = verdict.class.startsWith('core-');
  const bad = ledger.flatMap((entry) => {
    const relocation = object.relocations[entry.ref];
    const counts = relocation && BAD.has(entry.outcome) && entry.reached !== 'no' && belongs(relocation, verdict.program);
    return counts ? [{ entry, relocation }] : [];
  });
  const named = bad.find(({ relocation }) => isCore && verdict.reason.startsWith(`${relocation.access}: `));
  const met = named ?? (isCore ? bad[0] : undefined);
  const found = bad.map(({ entry, relocation }): ProgramFailure => ({
    ...verdict,
    class: entry === met?.entry ? verdict.class : classOf(relocation, entry),
    ref: entry.ref,
    reported: entry === met?.entry,
    reached: entry.reached,
    evidence: formatLog(relocation, entry),
  }));
  return met ? found : [{ ...verdict, ref: null, reported: true, reached: null }, ...found];
}

/** Failures of an object on a kernel as BTF tells them. */
export function predictedFailures({ result }: ExplainedObject, cell: PredictedCell, kernel: string): ProgramFailure[] {
  return cell.programs.flatMap(({ name, failure, possible }) => {
    const said = failure ?? possible;
    if (!said) return [];
    const certainty = failure ? 'certain' : 'possible';
    const verdict: Verdict = {
      object: result.id,
      kernel,
      program: name,
      class: said.class,
      reason: said.reason,
      certainty,
      evidence: [said.reason],
    };
    return failuresOf(verdict, result, cell.relocations);
  });
}

/** The end of a log: what the verifier said last, apart from its statistics. */
function lastLines(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !/^(?:processed \d|verification time|stack depth|-- )/.test(line));
  return lines.slice(-3);
}

/** Failures a run has seen; what was expected to fail is told as well. */
export function seenFailures({ cells, objects, logs }: Results, wanted: (kernel: string, object: string) => boolean): ProgramFailure[] {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const textOf = (id: string | null) => (id === null ? '' : (logs.texts[id] ?? []).map((at) => logs.lines[at] ?? '').join('\n'));
  return cells.flatMap((cell) => {
    const object = byId.get(cell.object);
    if (!object || !wanted(cell.kernel, cell.object)) return [];
    return cell.programs.flatMap((program) => {
      const { name, status, class: failure, reason } = program;
      if ((status !== 'fail' && status !== 'xfail') || failure === null) return [];
      const evidence = lastLines(textOf(program.logs.verifier));
      const verdict: Verdict = {
        object: object.id,
        kernel: cell.kernel,
        program: name,
        class: failure,
        reason: reason ?? '',
        certainty: 'seen',
        evidence,
      };
      return failuresOf(verdict, object, cell.relocations);
    });
  });
}

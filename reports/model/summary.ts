// The summary that every report shows: counts, and failures by cause.
import type { CellProgram, CellResult, Results } from '../../harness/results/schema.ts';
import { grouped, plural } from '../../harness/base/text.ts';
import { surprise, UNEXPECTED } from '../../harness/results/unexpected.ts';
import { type FailureClass } from '../../harness/base/failures.ts';
import { type Status, STATUSES } from '../../harness/base/vocabulary.ts';

/** One program of one object on every kernel. */
export interface MatrixRow {
  object: string;
  program: string;
  /** In the order of `results.kernels`; null where there is no such cell. */
  cells: ({ cell: CellResult; program: CellProgram } | null)[];
}

/** Unexpected programs with the same reason. */
export interface Cause {
  status: Status;
  /** Null for a program without a class, such as one that passes. */
  class: FailureClass | null;
  /** The reason of the first of them. */
  reason: string;
  /** Null if the results have none, as for infrastructure failures. */
  fingerprint: string | null;
  where: { kernel: string; object: string; program: string }[];
}

/** Number of programs on kernels with each status, in the order of STATUSES. */
export function countStatuses(results: Results): Map<Status, number> {
  const counts = new Map<Status, number>(STATUSES.map((status) => [status, 0]));
  for (const cell of results.cells) {
    for (const { status } of cell.programs) counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return new Map([...counts].filter(([, count]) => count > 0));
}

/** Rows of the matrix in the order of the objects and their programs. */
export function matrixRows(results: Results): MatrixRow[] {
  const keyOf = (...names: string[]) => JSON.stringify(names);
  const entries = new Map(
    results.cells.flatMap((cell) => cell.programs.map((program) => [keyOf(cell.kernel, cell.object, program.name), { cell, program }])),
  );
  return results.objects.flatMap((object) =>
    object.programs.map(({ name }) => ({
      object: object.id,
      program: name,
      cells: results.kernels.map((kernel) => entries.get(keyOf(kernel.id, object.id, name)) ?? null),
    })),
  );
}

/** Programs of these statuses, grouped by status and root cause, in the order of the statuses, the most frequent cause first. */
export function causes(results: Results, statuses: readonly Status[] = UNEXPECTED): Cause[] {
  const found = new Map<string, Cause>();
  for (const cell of results.cells) {
    for (const program of cell.programs) {
      if (!statuses.includes(program.status)) continue;
      const reason = program.status === 'xpass' ? surprise(program) : (program.reason ?? cell.reason ?? '');
      // After an interrupt `not-run` adds nothing; for a missing shard it does.
      if (program.status === 'not-run' && reason === '') continue;
      const fingerprint = program.fingerprint ?? null;
      const key = JSON.stringify([program.status, program.class, fingerprint ?? reason]);
      const cause = found.get(key) ?? { status: program.status, class: program.class, reason, fingerprint, where: [] };
      cause.where.push({ kernel: cell.kernel, object: cell.object, program: program.name });
      found.set(key, cause);
    }
  }
  const rank = (cause: Cause) => statuses.indexOf(cause.status);
  return [...found.values()].toSorted((a, b) => rank(a) - rank(b) || b.where.length - a.where.length);
}

/** How many objects and executables a run has: `2 objects`, `1 executable`, `2 objects, 1 executable`. */
export function objectsText(objects: Results['objects']): string {
  const executables = objects.filter(({ executable }) => executable === true).length;
  const others = objects.length - executables;
  if (executables === 0) return plural(others, 'object');
  return [...(others === 0 ? [] : [plural(others, 'object')]), plural(executables, 'executable')].join(', ');
}

/** `3 cells as in earlier runs`: cells with reused verdicts; null if all cells ran. */
export function reuseText({ cells }: Results): string | null {
  const reused = cells.filter((cell) => cell.reused !== undefined).length;
  return reused === 0 ? null : `${reused} of ${plural(cells.length, 'cell')} from earlier runs`;
}

/** The mark of incomplete results: `shard 2/3`, `interrupted`; null for complete ones. */
export function incompleteness({ run }: Results): string | null {
  const parts = [run.shard && `shard ${run.shard.index}/${run.shard.total}`, !run.complete && 'interrupted'];
  return parts.filter((part) => typeof part === 'string').join(', ') || null;
}

/** The text in place of the counts of results without cells. */
export function noCell({ run }: Results): string {
  return run.shard ? 'no cell in this shard' : 'no cell';
}

/** Programs that contradict their prediction in the same way. */
export interface Misprediction {
  /** `predicted to fail with core-field-missing, but it loads`. */
  what: string;
  where: { kernel: string; object: string; program: string }[];
}

/** The contradiction between a program's result and its prediction, or null. */
export function contradiction({ status, class: failure, predicted }: CellProgram): string | null {
  if (predicted?.agrees !== false) return null;
  const { status: prediction, class: expected } = predicted;
  const predictionText =
    prediction === 'unknown' ? 'not predicted to fail' : `predicted ${prediction === 'fail' ? 'to' : 'that it may'} fail with ${expected}`;
  return `${predictionText}, but ${status === 'pass' || status === 'xpass' ? 'it loads' : `it fails with ${failure ?? 'unknown'}`}`;
}

/** Programs that loaded but did not attach, because neither their section nor the configuration names a target. */
export function notAttached(results: Results): { object: string; programs: string[] }[] {
  const objects = grouped(results.cells, ({ object }) => object);
  return [...objects].flatMap(([object, cells]) => {
    const programs = cells.flatMap((cell) => cell.programs.flatMap(({ name, attached }) => (attached === false ? [name] : [])));
    return programs.length === 0 ? [] : [{ object, programs: [...new Set(programs)] }];
  });
}

/** Contradictions between prediction and observation, the most frequent first. */
export function mispredictions(results: Results): Misprediction[] {
  const found = new Map<string, Misprediction>();
  for (const { kernel, object, programs } of results.cells) {
    for (const program of programs) {
      const what = contradiction(program);
      if (what === null) continue;
      const misprediction = found.get(what) ?? { what, where: [] };
      found.set(what, misprediction);
      misprediction.where.push({ kernel, object, program: program.name });
    }
  }
  return [...found.values()].toSorted((a, b) => b.where.length - a.where.length);
}

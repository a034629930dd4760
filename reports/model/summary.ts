// What every report says in short: counts, and failures grouped by their cause.
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

/** Programs that did not do as expected for the same reason. */
export interface Cause {
  status: Status;
  /** Null where the program has none, as those that pass. */
  class: FailureClass | null;
  /** That of the first of them. */
  reason: string;
  /** Null where results have none, as for infrastructure. */
  fingerprint: string | null;
  where: { kernel: string; object: string; program: string }[];
}

/** How many programs on kernels have each status, in the order of the words. */
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

/** Programs of these statuses, grouped by status and root cause, in the order of the statuses; what breaks most comes first. */
export function causes(results: Results, statuses: readonly Status[] = UNEXPECTED): Cause[] {
  const found = new Map<string, Cause>();
  for (const cell of results.cells) {
    for (const program of cell.programs) {
      if (!statuses.includes(program.status)) continue;
      const reason = program.status === 'xpass' ? surprise(program) : (program.reason ?? cell.reason ?? '');
      // What an interrupt kept from running says nothing more; a missing shard does.
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

/** How a kernel is headed where there is little room: its version, and its distribution where several stand side by side. */
export function shortKernelNames(results: Results): string[] {
  const versions = results.kernels.map((kernel) => kernel.version);
  return results.kernels.map((kernel) =>
    versions.filter((version) => version === kernel.version).length > 1 ? kernel.id : kernel.version,
  );
}

/** `3 cells as in earlier runs`: what was not run again because nothing had changed; null where everything was run. */
export function reuseText({ cells }: Results): string | null {
  const reused = cells.filter((cell) => cell.reused !== undefined).length;
  return reused === 0 ? null : `${reused} of ${plural(cells.length, 'cell')} from earlier runs`;
}

/** What has to be said before anything else of results that are not the whole: `shard 2/3`, `interrupted`; null when they are. */
export function incompleteness({ run }: Results): string | null {
  const parts = [run.shard && `shard ${run.shard.index}/${run.shard.total}`, !run.complete && 'interrupted'];
  return parts.filter((part) => typeof part === 'string').join(', ') || null;
}

/** Programs that did not do the prediction says, in the same way. */
export interface Misprediction {
  /** `predicted to fail with core-field-missing, but it loads`. */
  what: string;
  where: { kernel: string; object: string; program: string }[];
}

/** How what a program did contradicts its prediction; null where it does not. */
export function contradiction({ status, class: failure, predicted }: CellProgram): string | null {
  if (predicted?.agrees !== false) return null;
  const { status: prediction, class: expected } = predicted;
  const predictionText =
    prediction === 'unknown' ? 'not predicted to fail' : `predicted ${prediction === 'fail' ? 'to' : 'that it may'} fail with ${expected}`;
  return `${predictionText}, but ${status === 'pass' || status === 'xpass' ? 'it loads' : `it fails with ${failure ?? 'unknown'}`}`;
}

/** Programs that libbpf attaches to nothing by itself and no plan names a target for: they were loaded, but not attached. */
export function notAttached(results: Results): { object: string; programs: string[] }[] {
  const objects = grouped(results.cells, ({ object }) => object);
  return [...objects].flatMap(([object, cells]) => {
    const programs = cells.flatMap((cell) => cell.programs.flatMap(({ name, attached }) => (attached === false ? [name] : [])));
    return programs.length === 0 ? [] : [{ object, programs: [...new Set(programs)] }];
  });
}

/** Where prediction and observation contradict each other, most places first. */
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

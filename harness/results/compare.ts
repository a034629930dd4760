// Compares two runs: changes of verdicts and relocations since a baseline.
import { flavourOf } from './kernel-names.ts';
import { surprise } from './unexpected.ts';
import type { CellResult, KernelResult, ObjectResult, Results } from './schema.ts';
import { compareRelocations, type RelocationChange } from './compare-relocations.ts';
import { type Gate, type Standing, STANDINGS, type Status } from '../base/vocabulary.ts';

/** Kinds of change, the most important first. */
export const CHANGES = [
  'regression',
  'new-failure',
  'still-failing',
  'no-verdict',
  'fixed',
  'new-pass',
  'appeared',
  'disappeared',
] as const;

/**
 * `regression`: was as expected, is no longer. `new-failure`: fails, without a verdict before. `no-verdict`: lost its verdict.
 * `new-pass`: as expected, without a verdict before. `appeared`: only in the new run, without a verdict. `disappeared`: only in the baseline.
 */
export type Change = (typeof CHANGES)[number];

export interface ProgramChange {
  change: Change;
  object: string;
  /** Null for the whole object, if its programs load alone but not together. */
  program: string | null;
  /** The id in the run; for `disappeared` the id in the baseline. */
  kernel: string;
  before: Status | null;
  after: Status | null;
  reason: string | null;
}

export interface Comparison {
  /** The end of the baseline run. */
  baseline: string;
  programs: ProgramChange[];
  relocations: RelocationChange[];
  /** What of it leads to exit code 1; absent if no command decides about that. */
  gate?: Gate;
}

interface Entry {
  status: Status;
  reason: string | null;
}

type Identity = Pick<KernelResult, 'id' | 'distribution' | 'arch' | 'series'>;

/** The name of a kernel without its version: for a baseline, the next update of a series is the same kernel. */
function familyOf(kernel: Identity): string {
  return JSON.stringify([kernel.distribution, kernel.arch, kernel.series, flavourOf(kernel)]);
}

/** The baseline's kernel for each kernel of a run: with the same id, else the only remaining one of its family. */
export function matchKernels(before: readonly Identity[], after: readonly Identity[]): Map<string, string> {
  const ids = new Set(before.map(({ id }) => id));
  const matched = new Map(after.filter(({ id }) => ids.has(id)).map(({ id }) => [id, id]));
  const leftBefore = before.filter(({ id }) => !matched.has(id));
  const leftAfter = after.filter(({ id }) => !matched.has(id));
  for (const kernel of leftAfter) {
    const same = (other: Identity) => familyOf(other) === familyOf(kernel);
    const [old, ...more] = leftBefore.filter(same);
    if (old && more.length === 0 && leftAfter.filter(same).length === 1) matched.set(kernel.id, old.id);
  }
  return matched;
}

/** An object as a whole fails if it does not load although each of its programs loads alone. */
function statusOfWhole({ status, programs }: CellResult): 'fail' | 'pass' | 'skip' {
  const standings = programs.map((program) => STANDINGS[program.status]);
  if (STANDINGS[status] === 'bad' && !standings.includes('bad')) return 'fail';
  return standings.includes('good') ? 'pass' : 'skip';
}

/** Programs by name. The key null is the whole object, which can fail while each program loads alone. */
export function entriesOf(cell: CellResult | undefined): Map<string | null, Entry> {
  if (!cell) return new Map();
  return new Map<string | null, Entry>([
    ...cell.programs.map((program) => {
      const { name, status, reason } = program;
      return [name, { status, reason: status === 'xpass' ? surprise(program) : (reason ?? cell.reason) }] as const;
    }),
    [null, { status: statusOfWhole(cell), reason: cell.reason }],
  ]);
}

/** By the standing in the earlier run, then by the one in this run. */
const CHANGE_OF = {
  good: { good: null, bad: 'regression', none: 'no-verdict' },
  bad: { good: 'fixed', bad: 'still-failing', none: 'no-verdict' },
  none: { good: 'new-pass', bad: 'new-failure', none: null },
} as const satisfies Record<Standing, Record<Standing, Change | null>>;

function changeOf(before: Entry | undefined, after: Entry | undefined): Change | null {
  if (!after) return before ? 'disappeared' : null;
  // Skipped on purpose, so it is not a change.
  if (after.status === 'skip') return null;
  const is = STANDINGS[after.status];
  if (!before && is === 'none') return 'appeared';
  return CHANGE_OF[before ? STANDINGS[before.status] : 'none'][is];
}

const OF_WHOLE: readonly Change[] = ['regression', 'new-failure', 'still-failing', 'fixed'];

function compareCell(
  place: { object: string; kernel: string },
  before: CellResult | undefined,
  after: CellResult | undefined,
): ProgramChange[] {
  const [old, now] = [entriesOf(before), entriesOf(after)];
  return [...new Set([...now.keys(), ...old.keys()])].flatMap((program) => {
    const [was, is] = [old.get(program), now.get(program)];
    const change = changeOf(was, is);
    if (change === null || (program === null && !OF_WHOLE.includes(change))) return [];
    const reason = is && STANDINGS[is.status] === 'good' ? null : (is?.reason ?? null);
    return [{ change, ...place, program, before: was?.status ?? null, after: is?.status ?? null, reason }];
  });
}

/** Compares a run with an earlier one. Only cells that ran are compared: not those of other shards, nor those that a filter skipped. */
export function compareResults(before: Results, after: Results): Comparison {
  const matched = matchKernels(before.kernels, after.kernels);
  const keyOf = (kernel: string, object: string) => JSON.stringify([kernel, object]);
  const old = new Map(before.cells.map((cell) => [keyOf(cell.kernel, cell.object), cell]));
  const objects = new Map<string, [ObjectResult | undefined, ObjectResult]>(
    after.objects.map((object) => [object.id, [before.objects.find(({ id }) => id === object.id), object]]),
  );
  const seen = new Set<string>();
  const programs: ProgramChange[] = [];
  const relocations: RelocationChange[] = [];
  for (const cell of after.cells) {
    const key = keyOf(matched.get(cell.kernel) ?? '', cell.object);
    const was = old.get(key);
    if (was) seen.add(key);
    programs.push(...compareCell({ object: cell.object, kernel: cell.kernel }, was, cell));
    const [oldObject, object] = objects.get(cell.object) ?? [];
    if (was && oldObject && object) relocations.push(...compareRelocations([oldObject, was], [object, cell]));
  }
  if (after.run.shard === undefined) {
    for (const [key, cell] of old) {
      if (!seen.has(key)) programs.push(...compareCell({ object: cell.object, kernel: cell.kernel }, cell, undefined));
    }
  }
  const rank = ({ change }: ProgramChange) => CHANGES.indexOf(change);
  return { baseline: before.run.finishedAt, programs: programs.toSorted((a, b) => rank(a) - rank(b)), relocations };
}

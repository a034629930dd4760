// Checks what a schema cannot express: the verdicts of a cell agree with its object, with its attempts and with each other.
import { plural } from '../harness/base/text.ts';
import type { Status } from '../harness/base/vocabulary.ts';
import { cellStatus } from '../harness/plan/expectations/expectations.ts';
import type { CellProgram, CellResult, Results } from '../harness/results/schema.ts';
import type { Broken } from './broken-references.ts';

type Judged = Pick<CellProgram, 'status' | 'class'>;

/** How often each name occurs. Objects that were linked from several files can have two static programs of one name. */
type Counts = ReadonlyMap<string, number>;

function countsOf(names: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** The attempts that a status needs: `verdict`, the last one gave a verdict; `some`, at least one; `none`; `any`. */
type Needed = 'verdict' | 'some' | 'none' | 'any';

const NEEDED = {
  pass: 'verdict',
  xpass: 'verdict',
  // A crash of the kernel or of libbpf that the object causes again and again is a failure, too.
  fail: 'some',
  xfail: 'some',
  unsupported: 'some',
  // The program is not loaded by default, or the whole cell did not run.
  skip: 'any',
  // Without a kernel there is no attempt.
  infra: 'any',
  'not-run': 'none',
} as const satisfies Record<Status, Needed>;

/** Statuses that only an expectation gives. */
const BY_EXPECTATION: ReadonlySet<Status> = new Set(['xfail', 'xpass', 'unsupported']);

/** What is wrong with a failure class: a pass has none. A cell keeps its class beside an unexpected pass. */
function wrongClass({ status, class: failure }: Judged): string | null {
  return status === 'pass' && failure !== null ? `"${status}" contradicts the failure class "${failure}"` : null;
}

/** Each program of the object has one verdict in the cell. */
function wrongPrograms({ programs }: CellResult, counts: Counts, total: number): Broken | null {
  const seen = new Map<string, number>();
  for (const [at, { name }] of programs.entries()) {
    const known = counts.get(name);
    const path = ['programs', at, 'name'];
    if (known === undefined) return { path, message: `its object has no program ${JSON.stringify(name)}` };
    const times = (seen.get(name) ?? 0) + 1;
    if (times > known) return { path, message: `an earlier verdict is of the same program ${JSON.stringify(name)}` };
    seen.set(name, times);
  }
  if (programs.length === total) return null;
  const missing = [...counts.keys()].find((name) => !seen.has(name)) ?? '';
  return { path: ['programs'], message: `no verdict for the program ${JSON.stringify(missing)} of its object` };
}

/** The attempts of a cell could have given its status. Only the last one can have a verdict. */
function wrongAttempts({ status, attempts, flaky }: CellResult): Broken | null {
  const judged = attempts.findIndex(({ infra }) => infra === null);
  if (judged >= 0 && judged < attempts.length - 1)
    return { path: ['attempts', judged, 'infra'], message: 'null, but a later attempt follows the verdict' };
  const needed = NEEDED[status];
  if (needed === 'none' && attempts.length > 0) return { path: ['attempts'], message: `"${status}" has no attempts` };
  if (needed === 'some' && attempts.length === 0) return { path: ['attempts'], message: `"${status}" needs an attempt` };
  if (needed === 'verdict' && judged < 0) return { path: ['attempts'], message: `"${status}" needs an attempt with a verdict` };
  const isRetried = attempts.length > 1 && judged >= 0;
  const mayDiffer = status === 'infra' && !flaky;
  if (flaky !== isRetried && !mayDiffer)
    return {
      path: ['flaky'],
      message: `${flaky} contradicts ${plural(attempts.length, 'attempt')}${judged < 0 ? ' without a verdict' : ''}`,
    };
  return null;
}

function wrongExpectation({ programs }: CellResult): Broken | null {
  const at = programs.findIndex(({ status, expected }) => BY_EXPECTATION.has(status) && expected === null);
  return at < 0 ? null : { path: ['programs', at, 'expected'], message: `null, but "${programs[at]?.status}" needs an expectation` };
}

function brokenCell(cell: CellResult, counts: Counts, total: number): Broken | null {
  const name = `${cell.object} on ${cell.kernel}`;
  const within = (broken: Broken | null) => broken && { ...broken, message: `${name}: ${broken.message}` };
  if (cell.programs.length === 0 && total > 0)
    return { path: ['programs'], message: `no verdicts for ${name}; its object has ${plural(total, 'program')}` };
  const status = cellStatus(cell);
  if (status !== cell.status)
    return { path: ['status'], message: `"${cell.status}" contradicts the programs of ${name}, which make it "${status}"` };
  for (const [path, judged] of [[[], cell] as const, ...cell.programs.map((program, at) => [['programs', at], program] as const)]) {
    const wrong = wrongClass(judged);
    if (wrong !== null) return { path: [...path, 'class'], message: `${name}: ${wrong}` };
  }
  return within(wrongPrograms(cell, counts, total) ?? wrongExpectation(cell) ?? wrongAttempts(cell));
}

/** A complete run of a whole plan has every cell. Names are unique, and each cell is of a known kernel and object. */
function missingCell({ run, kernels, objects, cells }: Pick<Results, 'run' | 'kernels' | 'objects' | 'cells'>): Broken | null {
  if (!run.complete || run.shard !== undefined || cells.length >= kernels.length * objects.length) return null;
  const known = new Set(cells.map(({ kernel, object }) => JSON.stringify([kernel, object])));
  for (const { id: kernel } of kernels)
    for (const { id: object } of objects)
      if (!known.has(JSON.stringify([kernel, object])))
        return { path: ['cells'], message: `the run is complete, but ${object} on ${kernel} is missing` };
  return null;
}

/** The first cell whose verdict contradicts another fact in the results, or that is missing; null if all agree. Takes linear time. */
export function brokenVerdict(results: Pick<Results, 'run' | 'kernels' | 'objects' | 'cells'>): Broken | null {
  const { objects, cells } = results;
  const programs = new Map(
    objects.map(({ id, programs: all }) => [id, { counts: countsOf(all.map(({ name }) => name)), total: all.length }]),
  );
  for (const [at, cell] of cells.entries()) {
    const { counts = new Map<string, number>(), total = 0 } = programs.get(cell.object) ?? {};
    const broken = brokenCell(cell, counts, total);
    if (broken) return { ...broken, path: ['cells', at, ...broken.path] };
  }
  return missingCell(results);
}

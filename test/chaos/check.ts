// Compares a run with faults with an undisturbed one: each cell must have the same verdict and evidence, and results must show the faults.
import { isDeepStrictEqual } from 'node:util';
import { logText } from '../../harness/results/logs.ts';
import type { CellResult, LogStore, Results } from '../../harness/results/schema.ts';
import { type Ending, endingOf, type FaultName, FAULTS, filledDisk } from './faults.ts';
import type { ChaosEvent, EndedRun, Observed } from './observed.ts';

/** Reasons of failed attempts that a busy machine can cause without a planned fault. */
const TIME_LIMIT = /no answer|no sign of life|not done after|did not finish/;

/** How the cause is named in errors and reasons. */
const CAUSES = { disk: /ENOSPC|no space left|the disk is full/i, mirror: /127\.0\.0\.1:\d+\/.*(closed|ECONNRE)/ } as const;

const nameOf = ({ kernel, object }: Pick<CellResult, 'kernel' | 'object'>) => `${object} on ${kernel}`;
const hasVerdict = ({ status }: CellResult) => status !== 'infra' && status !== 'not-run';

/** The verdict and the evidence of a cell, without times and kernel messages, which differ between two guests. */
function evidenceOf(cell: CellResult, logs: LogStore) {
  const { status, stage, class: failure, reason, predicted, relocations, programs, chosen, checks } = cell;
  const text = (id: string | null | undefined) => logText(logs, id);
  return {
    verdict: { status, stage, class: failure, reason, predicted, chosen, checks },
    programs: programs.map((program) => ({ ...program, logs: null })),
    relocations,
    'log of libbpf': text(cell.logs.libbpf),
    warnings: text(cell.logs.warnings),
    'log of the verifier': text(cell.logs.verifier),
    'logs of programs': programs.map(({ name, logs: refs }) => [name, text(refs.libbpf), text(refs.verifier)]),
    'console of the guest': cell.logs.console !== null,
  };
}

/** Differences between the cells that have a verdict in a run and the same cells of the undisturbed run. */
function differingCells(expected: Results, seen: Results): string[] {
  return seen.cells.filter(hasVerdict).flatMap((cell) => {
    const before = expected.cells.find((each) => nameOf(each) === nameOf(cell));
    if (!before) return [`${nameOf(cell)}: no such cell in the undisturbed run`];
    const [want, got] = [evidenceOf(before, expected.logs), evidenceOf(cell, seen.logs)];
    return Object.entries(want).flatMap(([what, value]) => {
      const other = Object.entries(got).find(([name]) => name === what)?.[1];
      if (isDeepStrictEqual(value, other)) return [];
      return [`${nameOf(cell)}: another ${what}: ${JSON.stringify(other).slice(0, 300)}, expected ${JSON.stringify(value).slice(0, 300)}`];
    });
  });
}

/** Cells that a run lost or has twice, one line each. */
function countedCells(expected: Results, seen: Results): string[] {
  const names = seen.cells.map(nameOf);
  return expected.cells.flatMap((cell) => {
    const times = names.filter((name) => name === nameOf(cell)).length;
    return times === 1 ? [] : [`${nameOf(cell)}: ${times} times in the results, expected once`];
  });
}

/** The number of guests that a cell had in the run that finished it, and the faults that struck them. */
function metBy({ kernel, object }: CellResult, events: readonly ChaosEvent[]): { guests: number; faults: ChaosEvent[] } {
  const own = events.filter(({ guest }) => guest.includes(`/${kernel}.${object}.`));
  const last = Math.max(...own.map(({ run }) => run));
  const there = own.filter(({ run }) => run === last);
  return { guests: there.filter(({ fault }) => fault === undefined).length, faults: there.filter(({ fault }) => fault !== undefined) };
}

/** Attempts that the results must show but do not, and retries without a fault that explains them. */
function attemptsOf(cell: CellResult, events: readonly ChaosEvent[]): string[] {
  const { guests, faults } = metBy(cell, events);
  const showing = (shows: string) => faults.filter(({ fault }) => fault !== undefined && FAULTS[fault].shows === shows).length;
  const without = cell.attempts.filter(({ infra }) => infra !== null).length;
  const least = showing('attempt');
  const cacheWasHit = events.some(({ fault }) => fault !== undefined && FAULTS[fault].shows === 'either');
  const found = [];
  if (cell.attempts.length !== guests) found.push(`${cell.attempts.length} attempts in the results, but ${guests} guests ran`);
  if (without < least) found.push(`${least} guests were broken, but only ${without} attempts say so`);
  const unexplained = cell.attempts.filter(({ infra, reason }) => infra !== null && !TIME_LIMIT.test(reason ?? '')).length;
  const endings = faults.filter(({ fault }) => fault !== undefined && endingOf(fault) !== null).length;
  if (unexplained > least + endings && !cacheWasHit) {
    const reasons = cell.attempts.flatMap(({ reason }) => reason ?? []);
    found.push(`${unexplained} attempts failed, but only ${least} guests were broken: ${reasons.join('; ')}`);
  }
  if (cell.flaky !== (without > 0 && hasVerdict(cell))) found.push(`flaky is ${cell.flaky} after ${without} failed attempts`);
  if (!hasVerdict(cell) && !cacheWasHit && least < cell.attempts.length) found.push('no verdict, though a guest of it was left alone');
  return found.map((text) => `${nameOf(cell)}: ${text}`);
}

/** The expected exit code for these cells. */
function exitCodeOf({ cells }: Results): number {
  if (cells.some(({ status }) => status === 'fail' || status === 'xpass')) return 1;
  return cells.every(hasVerdict) ? 0 : 3;
}

function internalErrors({ stderr }: EndedRun): string[] {
  return stderr.split('\n').filter((line) => /internal error|unexpected error/.test(line));
}

/** The cells that an ended run had finished and that the second run runs again. */
function repeatedCells(results: Results, { last, events }: Observed): string[] {
  const finished = results.cells.filter(hasVerdict).map(nameOf);
  const again = events.filter(({ run, fault }) => run === 2 && fault === undefined).map(({ guest }) => guest);
  const repeated = (last.results?.cells ?? []).filter(
    (cell) => finished.includes(nameOf(cell)) && again.some((guest) => guest.includes(`/${cell.kernel}.${cell.object}.`)),
  );
  return repeated.map((cell) => `${nameOf(cell)}: finished before the interrupt, but runs again with --resume`);
}

function checkInterrupted(expected: Results, { exitCode, results }: EndedRun, observed: Observed): string[] {
  const found = exitCode === 130 ? [] : [`the interrupted run exits with ${exitCode}, expected 130`];
  if (!results) return [...found, 'the interrupted run wrote no results'];
  if (results.run.complete) found.push('the interrupted run says that it is complete');
  return [...found, ...countedCells(expected, results), ...differingCells(expected, results), ...repeatedCells(results, observed)];
}

/** The exit code of a run that could not write its report: a failure that it found goes before the full disk. */
function exitCodeWithoutReport(expected: Results, fault: FaultName | undefined): number {
  return fault === 'full-report' && exitCodeOf(expected) === 1 ? 1 : 3;
}

/** The program gave up: its last line, or the reason of each cell without a verdict, names the cause. */
function checkGivenUp(expected: Results, { exitCode, results, stderr }: EndedRun, fault: FaultName | undefined): string[] {
  const cause = fault !== undefined && filledDisk(fault) !== null ? CAUSES.disk : CAUSES.mirror;
  if (!results) {
    const line = stderr.trimEnd().split('\n').at(-1) ?? '';
    const expectedCode = exitCodeWithoutReport(expected, fault);
    return [
      ...(exitCode === expectedCode ? [] : [`the run without a report exits with ${exitCode}, expected ${expectedCode}`]),
      ...(line.startsWith('error: ') && cause.test(line) ? [] : [`the last line does not name the cause: ${line}`]),
    ];
  }
  const unnamed = results.cells.filter((cell) => !hasVerdict(cell) && !cause.test(cell.reason ?? ''));
  return [
    ...(exitCode === exitCodeOf(results) ? [] : [`the exit code is ${exitCode}, expected ${exitCodeOf(results)}`]),
    ...unnamed.map((cell) => `${nameOf(cell)}: the reason does not name the cause: ${cell.reason}`),
    ...countedCells(expected, results),
    ...differingCells(expected, results),
  ];
}

/** Checks a run that a fault ended: its finished cells are right, and its results are marked incomplete. */
function checkEnded(expected: Results, observed: Observed): string[] {
  const { ended, events } = observed;
  const ending = events.flatMap(({ fault }) => (fault !== undefined && endingOf(fault) !== null ? [fault] : []))[0];
  const how = ending === undefined ? null : endingOf(ending);
  if (!ended) return how === null || how === 'given-up' ? [] : [`the program ended by itself, though it met the fault ${ending}`];
  const found = internalErrors(ended);
  const checks = {
    interrupted: () => checkInterrupted(expected, ended, observed),
    killed: () => [],
    'given-up': () => checkGivenUp(expected, ended, ending),
  } satisfies Record<Ending, () => string[]>;
  return how === null ? found : [...found, ...checks[how]()];
}

/**
 * Finds every difference between a run with faults and a correct run, one line each.
 * @param expected the results of an undisturbed run of the same cells
 */
export function checkRun(expected: Results, observed: Observed): string[] {
  const { last, events, left } = observed;
  const found = [...checkEnded(expected, observed), ...internalErrors(last), ...left.map((line) => `left behind: ${line}`)];
  const { results, exitCode } = last;
  if (!results) return [...found, `no results (exit code ${exitCode})`];
  if (!results.run.complete) found.push('the run says that it is not complete');
  if (exitCode !== exitCodeOf(results)) found.push(`the exit code is ${exitCode}, expected ${exitCodeOf(results)}`);
  return [
    ...found,
    ...countedCells(expected, results),
    ...differingCells(expected, results),
    ...results.cells.flatMap((cell) => attemptsOf(cell, events)),
  ];
}

// Runs five schedules of faults on real guests, and tests the checker itself with results that hold planted bugs.
import { basename, join } from 'node:path';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import type { CellResult, Results } from '../../harness/results/schema.ts';
import { checkRun } from './check.ts';
import { disksRefused } from './disks.ts';
import { type Chaos, endChaos, prepareChaos, runSchedule } from './drive.ts';
import { type FaultName, FAULTS } from './faults.ts';
import type { EndedRun, Observed } from './observed.ts';
import { describeSchedule, type Schedule, scheduleOf } from './schedule.ts';
import { needsDisks, runSeeds } from './seeds.ts';

const CELLS = 2;
const SEEDS = 5;
/** Two processors, and each run has one guest. */
const atATime = pLimit(2);

let chaos: Chaos;
beforeAll(async () => {
  chaos = await prepareChaos(CELLS, join(PACKAGE_ROOT, 'dist/harness/cli/main.js'));
});
afterAll(async () => endChaos(chaos));

describe('chaos schedules', () => {
  const seeds = Array.from({ length: 200 }, (_, index) => index + 1);

  test('a chaos schedule depends only on its seed and the number of cells', () => {
    const of = () => seeds.map((seed) => describeSchedule(scheduleOf(seed, 4)));
    expect(of()).toEqual(of());
    expect(new Set(of().map((line) => line.replace(/^seed \d+/, ''))).size).toBeGreaterThan(150);
  });

  test('200 chaos schedules have every fault at each of its phases', () => {
    const planned = new Set(seeds.flatMap((seed) => scheduleOf(seed, 4).faults).map(({ fault, phase }) => `${fault} at ${phase}`));
    const possible = Object.entries(FAULTS).flatMap(([fault, { phases }]) => phases.map((phase) => `${fault} at ${phase}`));
    expect(possible.filter((each) => !planned.has(each))).toEqual([]);
  });
});

/** Faults that make the program wait for seconds: for a silent guest or an absent mirror. */
const SLOW: ReadonlySet<FaultName> = new Set(['stop', 'stall', 'absent']);
const refused = await disksRefused();

/** The first schedules that need no boot, no long wait, and nothing that this machine lacks. */
function quickSchedules(count: number): Schedule[] {
  const quick: Schedule[] = [];
  for (let seed = 1; quick.length < count; seed++) {
    const schedule = scheduleOf(seed, CELLS);
    const boots = schedule.cold || schedule.faults.filter(({ fault }) => FAULTS[fault].shows === 'attempt').length > 1;
    if (boots || schedule.faults.some(({ fault }) => SLOW.has(fault) || FAULTS[fault].shows === 'either')) continue;
    if (refused === null || !needsDisks(schedule)) quick.push(schedule);
  }
  return quick;
}

test('five chaos schedules change neither verdicts nor evidence', async () => {
  if (refused !== null) process.stderr.write(`SKIPPED: schedules of chaos runs that fill a disk: ${refused}\n`);
  const found = await Promise.all(
    quickSchedules(SEEDS).map(async (schedule) =>
      atATime(async () => {
        const differing = checkRun(chaos.undisturbed, await runSchedule(chaos, schedule));
        return differing.map((line) => `${describeSchedule(schedule)}: ${line}`);
      }),
    ),
  );
  expect(found.flat()).toEqual([]);
});

describe('a seed whose run differs', () => {
  const seed =
    quickSchedules(50).find(({ faults }) => faults.some(({ fault, phase }) => fault === 'kill' && phase !== 'restore'))?.seed ?? 0;
  const forgetful = () => ({ ...chaos, main: join(PACKAGE_ROOT, 'test/chaos/forgetful.mjs') });
  /** What a run of seeds says, without times. */
  const runOf = async (each: number) => {
    const lines: string[] = [];
    const failed = await runSeeds(forgetful(), [each], { keep: false, say: (line) => lines.push(line.replace(/ +\d+\.\d s/, ' N s')) });
    return { failed, lines };
  };
  /** What a run met and how it ended, without times and names of its folder. */
  const outcome = ({ ended, last, events }: Observed) => ({
    events: events.map((event) => ({ ...event, guest: basename(event.guest).replace(/\.tmp-\w+$/, '') })),
    ended: [ended, last].map((run) => [
      run?.exitCode,
      run?.results?.cells.map(({ object, status, reason, attempts }) => [object, status, reason, attempts.map(({ infra }) => infra)]),
    ]),
  });

  test('a seed that fails prints a command, and its seed fails again in the same way', async () => {
    const first = await runOf(seed);
    expect(first.failed).toEqual([seed]);
    const again = /^to repeat: npm run chaos -- --seed (\d+) --cells 2 --keep$/.exec(first.lines.at(-1) ?? '')?.[1];
    expect(await runOf(Number(again))).toEqual(first);
    expect(first.lines.join('\n')).toMatch(/DIFFERS .* guests were broken, but only 0 attempts say so/s);
  });

  test('two runs of a seed meet the same faults in the same guests and end in the same way', async () => {
    const both = [await runSchedule(chaos, scheduleOf(seed, CELLS)), await runSchedule(chaos, scheduleOf(seed, CELLS))].map(outcome);
    expect(both[1]).toEqual(both[0]);
    expect(both[0]?.events.filter(({ fault }) => fault !== undefined)).toHaveLength(scheduleOf(seed, CELLS).faults.length);
  });
});

describe('the chaos checker', () => {
  /** A run in which the guest of the first cell was killed, and which was terminated in the second cell and resumed. */
  let observed: Observed;
  beforeAll(async () => {
    const faults = [
      { fault: 'kill', phase: 'load', time: 1 },
      { fault: 'terminate', phase: 'load', time: 3 },
    ] as const;
    observed = await runSchedule(chaos, { seed: 0, cold: false, pulls: false, faults: [...faults] });
  });

  const KILLED = 0;
  const FAILED = 1;

  /** The observed run with changes in its last results. */
  function withResults(change: (results: Results) => Results): Observed {
    const { results } = observed.last;
    if (!results) throw new Error('the run has no results');
    return { ...observed, last: { ...observed.last, results: change(structuredClone(results)) } };
  }
  const withCell = (index: number, change: (cell: CellResult) => Partial<CellResult>) =>
    withResults((results) => ({
      ...results,
      cells: results.cells.map((cell, at) => (at === index ? { ...cell, ...change(cell) } : cell)),
    }));
  const withCells = (change: (cells: readonly CellResult[]) => CellResult[]) =>
    withResults((results) => ({ ...results, cells: change(results.cells) }));
  function withEnded(change: (results: Results) => Partial<Results>): Observed {
    const { ended } = observed;
    if (!ended?.results) throw new Error('the interrupted run has no results');
    return { ...observed, ended: { ...ended, results: { ...ended.results, ...change(structuredClone(ended.results)) } } };
  }

  test('the chaos checker accepts a correct run', () => {
    expect(checkRun(chaos.undisturbed, observed)).toEqual([]);
  });

  /** The observed run as if another fault had ended it. */
  const endedBy = (fault: FaultName, ended: EndedRun): Observed => ({
    ...observed,
    ended,
    events: observed.events.map((event) => (event.fault === 'terminate' ? { ...event, fault } : event)),
  });
  const NO_REPORT = { exitCode: 1, stderr: 'error: cannot write the report: ENOSPC', results: null };

  test('the chaos checker accepts a run without a report that names the full disk', () => {
    expect(checkRun(chaos.undisturbed, endedBy('full-report', NO_REPORT))).toEqual([]);
  });

  const PLANTED: [string, () => Observed, RegExp][] = [
    [
      'a failure that became a pass',
      () => withCell(FAILED, () => ({ status: 'pass', stage: null, class: null, reason: null })),
      /another verdict/,
    ],
    ['another reason', () => withCell(FAILED, ({ reason }) => ({ reason: `${reason} or so` })), /another verdict/],
    [
      'a program with another class',
      () =>
        withCell(FAILED, ({ programs }) => ({
          programs: programs.map((program) => ({ ...program, class: program.class && ('unknown' as const) })),
        })),
      /another programs/,
    ],
    [
      'a relocation with another outcome',
      () =>
        withCell(KILLED, ({ relocations }) => ({
          relocations: relocations.map((relocation) => ({ ...relocation, outcome: 'moved' as const, target: '1' })),
        })),
      /another relocations/,
    ],
    ['a lost relocation', () => withCell(FAILED, ({ relocations }) => ({ relocations: relocations.slice(1) })), /another relocations/],
    ['a lost log', () => withCell(KILLED, ({ logs }) => ({ logs: { ...logs, libbpf: null } })), /another log of libbpf/],
    [
      'a log with a lost line',
      () =>
        withResults((results) => ({
          ...results,
          logs: { ...results.logs, lines: results.logs.lines.map((line) => (line.includes('CO-RE relocating') ? '' : line)) },
        })),
      /another log of libbpf/,
    ],
    ['a lost cell', () => withCells((cells) => cells.slice(1)), /0 times in the results/],
    ['a cell that the results have twice', () => withCells((cells) => [...cells, ...cells.slice(0, 1)]), /2 times in the results/],
    [
      'a failed attempt that is not reported',
      () => withCell(KILLED, ({ attempts }) => ({ attempts: attempts.slice(1), flaky: false })),
      /1 guests were broken, but only 0 attempts say so/,
    ],
    ['a lost mark of a flaky cell', () => withCell(KILLED, () => ({ flaky: false })), /flaky is false after 1 failed attempts/],
    [
      'a retry without a cause',
      () => withCell(FAILED, ({ attempts }) => ({ attempts: attempts.map((attempt) => ({ ...attempt, infra: 'infra-crash' as const })) })),
      /1 attempts failed, but only 0 guests were broken/,
    ],
    [
      'a cell without a verdict although a guest was left alone',
      () => withCell(FAILED, () => ({ status: 'infra', class: 'infra-crash' })),
      /no verdict, though a guest of it was left alone/,
    ],
    ['a wrong exit code', () => ({ ...observed, last: { ...observed.last, exitCode: 0 } }), /the exit code is 0, expected 1/],
    ['no report', () => ({ ...observed, last: { ...observed.last, results: null } }), /no results/],
    [
      'an internal error',
      () => ({ ...observed, last: { ...observed.last, stderr: 'error: internal error: x' } }),
      /^error: internal error: x$/,
    ],
    ['a file that was left behind', () => ({ ...observed, left: ['corematrix-0'] }), /left behind: corematrix-0/],
    ['an interrupted run that claims to be complete', () => withEnded(({ run }) => ({ run: { ...run, complete: true } })), /complete/],
    [
      'an interrupted run that lost a finished cell',
      () => withEnded(({ cells }) => ({ cells: cells.filter(({ status }) => status === 'not-run') })),
      /0 times in the results/,
    ],
    [
      'a finished cell that runs again with --resume',
      () => {
        const cell = observed.last.results?.cells[KILLED];
        const guest = `/tmp/corematrix-0/${cell?.kernel}.${cell?.object}.0`;
        return { ...observed, events: [...observed.events, { run: 2, guest }] };
      },
      /finished before the interrupt, but runs again/,
    ],
    [
      'a full disk that no error names',
      () => endedBy('full-report', { ...NO_REPORT, stderr: 'error: cannot write the report' }),
      /the last line does not name the cause/,
    ],
    [
      'a run without a report whose exit code hides the failure that it found',
      () => endedBy('full-report', { ...NO_REPORT, exitCode: 3 }),
      /the run without a report exits with 3, expected 1/,
    ],
    [
      'a cell without a verdict that does not name the absent mirror',
      () => {
        const { results } = observed.last;
        const cells = results?.cells.map((cell) => ({ ...cell, status: 'infra' as const, reason: 'no kernel' })) ?? [];
        return endedBy('absent', { exitCode: 3, stderr: '', results: results && { ...results, cells } });
      },
      /the reason does not name the cause: no kernel/,
    ],
  ];

  test.each(PLANTED)('the chaos checker finds %s', (_, planted, line) => {
    expect(checkRun(chaos.undisturbed, planted())).toContainEqual(expect.stringMatching(line));
  });
});

// Tests of run checks: attached programs are triggered in real guests, and their effects are compared with the configuration.
import { expect, test } from 'vitest';
import type { CellResult } from '../../../harness/results/schema.ts';
import { configuredInputs } from './configured.ts';
import { realRun } from './real-run.ts';

function summaryOf({ status, stage, class: failure, programs, checks = [] }: CellResult) {
  return {
    cell: [status, stage, failure].join(' '),
    checks: checks.map(
      ({ what, expected, seen, passed }) => `${passed ? 'passed' : 'failed'}: ${what}: expected ${expected}, seen ${seen}`,
    ),
    programs: programs.map(({ name, status: own, class: why, reason }) => [name, why ?? own, reason].filter(Boolean).join(' | ')),
  };
}

test('an attached program that never runs is found, on 5.10 and on newer kernels', async () => {
  const inputs = await configuredInputs('fires', '    mode: run\n    trigger: [exec, connect]\n');
  const { cells } = await realRun([], ['debian:5.10', 'debian:6.12'], { objects: inputs.objects });
  const runs = cells.map(({ programs }) =>
    programs.map(({ name, class: failure, runs: ran = 0 }) => `${name} ${failure ?? (ran > 0 ? 'ran' : 'did not run')}`),
  );
  expect(runs[0]).toMatchInlineSnapshot(`
    [
      "on_open run-failed",
      "on_exec ran",
      "on_connect ran",
      "each_task run-failed",
      "drop_all did not run",
      "on_restart run-failed",
    ]
  `);
  expect(runs[1]).toEqual(runs[0]);
});

test('a failed check reports the expected and the observed values of maps, events, variables and return values', async () => {
  const { objects, problems } = await configuredInputs(
    'fires',
    `    mode: run
    trigger: { test_run: { program: drop_all, data: 'base64:AAAAAAAAAAAAAAAAAAAAAA==', repeat: 3 } }
    check:
      - { program: drop_all, returns: 2 }
      - { program: drop_all, runs: 3 }
      - { program: on_exec, events: execs, at_least: 2 }
      - { program: on_exec, map: seen, key: 'hex:6578656300000000', equals: 1 }
      - { program: each_task, variable: tasks, equals: 0 }
      - { program: on_open, variable: last, equals: { flag: 8 } }
      - { program: on_connect, events: connects }
`,
  );
  expect(problems).toEqual([]);
  const { cells } = await realRun([], ['debian:6.12'], { objects });
  expect(cells.map(summaryOf)).toMatchInlineSnapshot(`
    [
      {
        "cell": "fail run run-failed",
        "checks": [
          "failed: return value of drop_all: expected 2, seen 1",
          "passed: runs of drop_all: expected at least 3, seen 3",
          "failed: events in execs: expected at least 2, seen 0",
          "failed: seen[hex:6578656300000000]: expected 1, seen no entry",
          "passed: tasks: expected 0, seen 0",
          "failed: last: expected {"flag":8}, seen hex:0700000001000000",
          "failed: events in connects: expected at least 1, seen 0",
        ],
        "programs": [
          "on_open | run-failed | last after test_run of drop_all: expected {"flag":8}, seen hex:0700000001000000",
          "on_exec | run-failed | events in execs after test_run of drop_all: expected at least 2, seen 0",
          "on_connect | run-failed | events in connects after test_run of drop_all: expected at least 1, seen 0",
          "each_task | pass",
          "drop_all | run-failed | return value of drop_all after test_run of drop_all: expected 2, seen 1",
          "on_restart | pass",
        ],
      },
    ]
  `);
});

const CASES = [
  ['a run without a trigger', '    mode: run\n'],
  ['a trigger without mode run', '    mode: attach\n    trigger: open\n'],
  ['an unknown trigger', '    mode: run\n    trigger: [open, reboot]\n'],
  ['a test run of an unknown program', '    mode: run\n    trigger: { test_run: { program: drop } }\n'],
  ['malformed data', '    mode: run\n    trigger: { test_run: { program: drop_all, data: hex:123 } }\n'],
  ['a check without a condition', '    mode: run\n    trigger: open\n    check: [{ program: on_open }]\n'],
  ['a check of an unknown map', '    mode: run\n    trigger: open\n    check: [{ map: open, key: 0, not_zero: true }]\n'],
  ['a key of another type', '    mode: run\n    trigger: open\n    check: [{ map: opens, key: [1], not_zero: true }]\n'],
  ['a key that is too long', '    mode: run\n    trigger: open\n    check: [{ map: opens, key: "hex:0000000000", not_zero: true }]\n'],
  ['a number for a value that is not a number', '    mode: run\n    trigger: open\n    check: [{ variable: last, at_least: 1 }]\n'],
  ['an unknown variable', '    mode: run\n    trigger: open\n    check: [{ variable: first, not_zero: true }]\n'],
  ['events of a map without events', '    mode: run\n    trigger: open\n    check: [{ events: seen }]\n'],
  ['two expectations at once', '    mode: run\n    trigger: open\n    check: [{ variable: tasks, not_zero: true, at_least: 2 }]\n'],
] as const;

test('an invalid trigger or check is an error with its place', async () => {
  const said: string[] = [];
  for (const [what, settings] of CASES) {
    const problem = await configuredInputs('fires', settings).then(
      ({ problems }) => problems.join(),
      (error: unknown) => (error instanceof Error ? error.message.replace(/^\S*corematrix\.yaml/, '<folder>/corematrix.yaml') : ''),
    );
    said.push(`${what}: ${problem}`);
  }
  expect(said).toMatchInlineSnapshot(`
    [
      "a run without a trigger: <folder>/corematrix.yaml:3:11: a run needs a trigger: one or more of open, exec, connect, write, spin, iterate, test_run, command",
      "a trigger without mode run: <folder>/corematrix.yaml:4:14: trigger is only for "mode: run"",
      "an unknown trigger: <folder>/corematrix.yaml:4:21: objects.0.trigger.1: unknown value "reboot"; expected open, exec, connect, write, spin, iterate or keys with values",
      "a test run of an unknown program: <folder>/corematrix.yaml:4:37: no program "drop" in the object (did you mean drop_all?); it has: on_open, on_exec, on_connect, each_task, drop_all, on_restart",
      "malformed data: <folder>/corematrix.yaml:4:53: objects.0.trigger.test_run.data: expected hex:... (pairs of digits) or base64:...",
      "a check without a condition: <folder>/corematrix.yaml:5:13: expected one of runs, returns, events, map, variable",
      "a check of an unknown map: <folder>/corematrix.yaml:5:20: no map "open" in the object (did you mean opens?); it has: opens, seen, execs, connects, .bss",
      "a key of another type: <folder>/corematrix.yaml:5:32: [1] is no __u32; expected a whole number",
      "a key that is too long: <folder>/corematrix.yaml:5:32: 5 bytes; expected 4",
      "a number for a value that is not a number: <folder>/corematrix.yaml:5:41: the value is not a number, but struct {...}",
      "an unknown variable: <folder>/corematrix.yaml:5:25: no variable "first" in the object; it has: last, tasks",
      "events of a map without events: <folder>/corematrix.yaml:5:23: no ring buffer or perf event array "seen" in the object; it has: execs, connects",
      "two expectations at once: <folder>/corematrix.yaml:5:13: expected one of equals, at_least, not_zero",
    ]
  `);
});

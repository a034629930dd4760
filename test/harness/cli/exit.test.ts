// Tests of exit codes: for results, for errors, and for faults in corematrix itself.
import { tmpdir } from 'node:os';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodeOfResults } from '../../../harness/cli/exit.ts';
import { InfraError, UserError } from '../../../harness/base/errors.ts';
import type { CellResult, Results } from '../../../harness/results/schema.ts';
import type { FailureClass } from '../../../harness/base/failures.ts';
import type { Status } from '../../../harness/base/vocabulary.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { corematrix, MAIN } from './command.ts';

describe('the exit code', () => {
  const of = (statuses: readonly Status[], { problems = 0, complete = true } = {}) => {
    const results = SAMPLE;
    const [cell] = results.cells;
    if (!cell) throw new Error('the sample has no cell');
    const run = { ...results.run, complete };
    return exitCodeOfResults({ ...results, run, cells: statuses.map((status) => ({ ...cell, status })) }, problems);
  };

  it('the exit code is 0 if every result is as expected', () => {
    expect(of(['pass', 'xfail', 'unsupported', 'skip'])).toBe(0);
  });

  it('the exit code is 1 for an unexpected failure or pass, also with other problems', () => {
    expect([of(['fail', 'pass']), of(['xpass']), of(['infra', 'fail']), of(['fail'], { problems: 1 })]).toEqual([1, 1, 1, 1]);
  });

  it('the exit code is 2 for an unusable input', () => {
    expect([of(['pass'], { problems: 1 }), of(['infra'], { problems: 1 })]).toEqual([2, 2]);
  });

  it('the exit code is 3 if a cell has no verdict and none failed', () => {
    expect([of(['pass', 'infra']), of(['pass', 'not-run'])]).toEqual([3, 3]);
  });

  it('the exit code ignores a missing optional kernel, but not its failures or cells without a verdict', () => {
    const [kernel] = SAMPLE.kernels;
    const [cell] = SAMPLE.cells;
    if (!kernel || !cell) throw new Error('the sample has no cell');
    const optional = (status: Status, failure: FailureClass | null) =>
      exitCodeOfResults(
        {
          ...SAMPLE,
          run: { ...SAMPLE.run, complete: true },
          kernels: [{ ...kernel, optional: true }],
          cells: [{ ...cell, kernel: kernel.id, status, class: failure }],
        },
        0,
      );
    expect([
      optional('infra', 'infra-kernel-unavailable'),
      optional('infra', 'infra-boot'),
      optional('infra', 'infra-timeout'),
      optional('not-run', null),
      optional('fail', 'core-field-missing'),
    ]).toEqual([0, 0, 3, 3, 1]);
  });

  it('the exit code follows the policy of the configuration', () => {
    const [cell] = SAMPLE.cells;
    if (!cell) throw new Error('the sample has no cell');
    const by = (policy: Results['run']['policy'], cells: Partial<CellResult>[]) =>
      exitCodeOfResults(
        {
          ...SAMPLE,
          run: { ...SAMPLE.run, complete: true, ...(policy && { policy }) },
          cells: cells.map((one) => ({ ...cell, flaky: false, ...one })),
        },
        0,
      );
    const infra = { status: 'infra' } as const;
    expect([by({ maxInfra: 1 }, [infra]), by({ maxInfra: 1 }, [infra, infra]), by({ maxInfra: 9 }, [{ status: 'not-run' }])]).toEqual([
      0, 3, 3,
    ]);
    const flaky = { status: 'pass', flaky: true } as const;
    expect([by(undefined, [flaky]), by({ failOnFlaky: true }, [flaky]), by({ failOnFlaky: true }, [{ status: 'pass' }])]).toEqual([
      0, 1, 0,
    ]);
  });

  it('the exit code is 130 after an interrupt', () => {
    expect([of(['pass', 'not-run'], { complete: false }), of(['fail'], { complete: false })]).toEqual([130, 130]);
  });

  it('the exit code differs for usage, infrastructure and internal errors', () => {
    expect([exitCodeOf(new UserError('no such file')), exitCodeOf(new InfraError('no network')), exitCodeOf(new Error('a bug'))]).toEqual([
      2, 3, 70,
    ]);
  });
});

describe('an internal error', () => {
  /** Runs a command in a process in which a script of this test has broken something before. */
  const broken = async (script: string) =>
    corematrix(tmpdir(), ['init', 'x.bpf.o'], { NODE_OPTIONS: `--import="data:text/javascript,${encodeURIComponent(script)}"` });

  const ERROR = String.raw`new TypeError("broken\u001b on purpose")`;
  const whenReady = (statement: string) =>
    `process.on("newListener", (name) => name === "uncaughtException" && setImmediate(() => { ${statement} }))`;

  it.each([
    ['thrown by a command', `process.cwd = () => { throw ${ERROR} }`],
    ['that nothing catches', whenReady(`throw ${ERROR}`)],
    ['of a promise that nothing awaits', whenReady(`Promise.reject(${ERROR})`)],
  ])('an internal error (%s) exits with 70 and prints where to report it', async (_, script) => {
    const { exitCode, stderr } = await broken(script);
    const [first = '', ...others] = stderr.split('\n');
    expect([exitCode, first]).toEqual([70, String.raw`error: internal error: TypeError: broken\x1b on purpose`]);
    expect(others.at(-1)).toMatch(
      /^This is a fault in corematrix, .* Please open an issue in its repository .*: corematrix \d+\.\d+\.\d+, Node\.js v\d+\./,
    );
  });
});

it('standard output on a full disk is an infrastructure failure, not an internal error', async () => {
  const { exitCode, stderr } = await execa('sh', ['-c', 'node "$0" run --help > /dev/full', MAIN], { reject: false });
  expect([exitCode, stderr]).toEqual([3, 'error: the output cannot be written: ENOSPC: no space left on device, write']);
});

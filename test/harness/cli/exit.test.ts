// Tests of exit codes: for results and for errors.
import { describe, expect, it, vi } from 'vitest';
import { exitCodeAfter, exitCodeOf, exitCodeOfResults, reportError } from '../../../harness/cli/exit.ts';
import { InterruptedError } from '../../../harness/cli/interrupt.ts';
import { InfraError, UserError } from '../../../harness/base/errors.ts';
import type { Change } from '../../../harness/results/compare.ts';
import type { CellResult, Results } from '../../../harness/results/schema.ts';
import type { FailureClass } from '../../../harness/base/failures.ts';
import type { Status } from '../../../harness/base/vocabulary.ts';
import { SAMPLE } from '../../reports/sample.ts';

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
    const steady = { status: 'pass' } as const;
    expect([by(undefined, [flaky]), by({ failOnFlaky: true }, [flaky, steady]), by({ failOnFlaky: true }, [steady])]).toEqual([0, 1, 0]);
  });

  it('the exit code of a run with a baseline depends only on the changes that count', () => {
    const [cell] = SAMPLE.cells;
    if (!cell) throw new Error('the sample has no cell');
    const gated = (changes: readonly Change[], statuses: readonly Status[] = ['fail', 'xpass']) =>
      exitCodeOfResults(
        { ...SAMPLE, run: { ...SAMPLE.run, complete: true }, cells: statuses.map((status) => ({ ...cell, status })) },
        0,
        changes.map((change) => ({ kernel: 'k', object: 'o', program: 'p', change, before: null, after: null, reason: null })),
      );
    expect([gated([]), gated(['regression']), gated(['new-failure']), gated(['regression'], ['pass'])]).toEqual([0, 1, 1, 1]);
  });

  it('the exit code is 130 after an interrupt', () => {
    expect([of(['pass', 'not-run'], { complete: false }), of(['fail'], { complete: false })]).toEqual([130, 130]);
  });

  it('the exit code of an interrupted command is 130, whatever the cause', () => {
    expect([exitCodeOf(new InterruptedError()), exitCodeOf(new InterruptedError({ cause: new UserError('x') }))]).toEqual([130, 130]);
  });

  it('the exit code differs for usage, infrastructure and internal errors', () => {
    expect([exitCodeOf(new UserError('no such file')), exitCodeOf(new InfraError('no network')), exitCodeOf(new Error('a bug'))]).toEqual([
      2, 3, 70,
    ]);
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write', errno: -28 });
    expect(exitCodeOf(full)).toBe(3);
  });
});

describe('the exit code of a command that had results before an error', () => {
  const before = [undefined, 0, 1, 2, 3, 130];
  const after = (error: unknown) => before.map((code) => exitCodeAfter(code, error));

  it('a report that cannot be written hides neither a compatibility failure nor an interrupt', () => {
    expect(after(new InfraError('the disk is full'))).toEqual([3, 3, 1, 3, 3, 130]);
    expect(after(new UserError('the folder is not a report'))).toEqual([2, 2, 1, 2, 2, 130]);
    expect(after(new InterruptedError())).toEqual([130, 130, 1, 130, 130, 130]);
  });

  it('an internal error goes before each other exit code', () => {
    expect(after(new Error('a bug'))).toEqual([70, 70, 70, 70, 70, 70]);
  });
});

describe('an error on standard error', () => {
  /** The text that the command line prints for an error. */
  function written(error: unknown): string {
    const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      reportError(error);
      return write.mock.calls.map(([text]) => String(text)).join('');
    } finally {
      write.mockRestore();
    }
  }

  it('an error that the user can act on is one line, without its stack and with control characters escaped', () => {
    expect(written(new UserError('x\u001b[31m.o: no such file'))).toBe('error: x\\x1b[31m.o: no such file\n');
    expect(written(new InfraError('no network'))).toBe('error: no network\n');
  });

  it('trouble of the machine is one line', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write', errno: -28 });
    expect(written(full)).toMatch(/^error: .*no space left.*\n$/);
  });

  it('a fault in corematrix has its stack, and the place to report it', () => {
    const thrown = new Error('a bug');
    const [first, ...others] = written(thrown).trim().split('\n');
    expect([first, others[0], others.at(-1)]).toEqual([
      'error: internal error: Error: a bug',
      thrown.stack?.split('\n')[1],
      expect.stringMatching(/^This is a fault in corematrix, .*: corematrix \d+\.\d+\.\d+, Node\.js v\d/),
    ]);
    expect(written('a thrown text')).toMatch(/^error: internal error: a thrown text\nThis is a fault/);
  });
});

import { describe, expect, it } from 'vitest';
import { exitCodeOf, exitCodeOfResults } from '../../../harness/cli/exit.ts';
import { InfraError, UserError } from '../../../harness/errors.ts';
import type { Status } from '../../../harness/results/words.ts';
import { SAMPLE } from '../../reports/sample.ts';

describe('the exit code', () => {
  const of = (statuses: readonly Status[], { problems = 0, complete = true } = {}) => {
    const results = SAMPLE;
    const [cell] = results.cells;
    if (!cell) throw new Error('the sample has no cell');
    const run = { ...results.run, complete };
    return exitCodeOfResults({ ...results, run, cells: statuses.map((status) => ({ ...cell, status })) }, problems);
  };

  it('is 0 when everything is as expected', () => {
    expect(of(['pass', 'xfail', 'unsupported', 'skip'])).toBe(0);
  });

  it('is 1 for an unexpected failure or pass, whatever else happened', () => {
    expect([of(['fail', 'pass']), of(['xpass']), of(['infra', 'fail']), of(['fail'], { problems: 1 })]).toEqual([1, 1, 1, 1]);
  });

  it('is 2 when an input could not be used', () => {
    expect([of(['pass'], { problems: 1 }), of(['infra'], { problems: 1 })]).toEqual([2, 2]);
  });

  it('is 3 when something has no verdict and nothing failed', () => {
    expect([of(['pass', 'infra']), of(['pass', 'not-run'])]).toEqual([3, 3]);
  });

  it('is 130 when interrupted', () => {
    expect([of(['pass', 'not-run'], { complete: false }), of(['fail'], { complete: false })]).toEqual([130, 130]);
  });

  it('tells usage from infrastructure in errors', () => {
    expect([exitCodeOf(new UserError('no such file')), exitCodeOf(new InfraError('no network')), exitCodeOf(new Error('a bug'))]).toEqual([
      2, 3, 2,
    ]);
  });
});

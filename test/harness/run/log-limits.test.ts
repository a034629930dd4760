// Tests of the limits for logs in real runs: verdicts do not depend on what is cut.
import { expect, it } from 'vitest';
import { logRefs, logText } from '../../../harness/results/logs.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { readResults, renderJson } from '../../../reports/json.ts';
import { realRun, sample } from './real-run.ts';

const OBJECTS = ['task_state', 'verifier_limits', 'new_helpers'].map(sample);

const verdicts = ({ cells }: Results) =>
  cells.map(({ object, status, class: failure, reason, programs, relocations, predicted }) => ({
    object,
    status,
    failure,
    reason,
    programs: programs.map((program) => ({ ...program, logs: null })),
    relocations,
    predicted,
  }));

const bytesOf = ({ cells, logs }: Results) =>
  cells.map((cell) => logRefs(cell).reduce((sum, { id }) => sum + Buffer.byteLength(logText(logs, id)), 0));

it('a run whose logs are cut has the same verdicts, keeps the last failures of libbpf, and stays within its limits', async () => {
  const whole = await realRun(OBJECTS, ['debian:5.10'], { jobs: 1 });
  const limits = { cell: 12_000, run: 16_000, afterRun: 6000 };
  const cut = await realRun(OBJECTS, ['debian:5.10'], { jobs: 1, logLimits: limits });
  expect(verdicts(cut)).toEqual(verdicts(whole));
  expect(whole.cells.map(({ logsCut }) => logsCut)).toEqual([undefined, undefined, undefined]);
  const limitsOf = cut.cells.map(({ logsCut }) => logsCut?.limit ?? 'none');
  expect(limitsOf.filter((limit) => limit === 'run')).toHaveLength(2);
  expect(limitsOf).toContain('cell');
  expect(bytesOf(whole).every((bytes) => bytes > limits.cell)).toBe(true);
  expect(bytesOf(cut).reduce((sum, bytes) => sum + bytes)).toBeLessThan(limits.run + 2 * limits.afterRun);
  const lastFailures = ({ cells, logs }: Results) =>
    cells.map((cell) =>
      logText(logs, cell.logs.libbpf)
        .split('\n')
        .findLast((line) => line.includes('failed to load')),
    );
  expect(lastFailures(cut)).toEqual(lastFailures(whole));
  expect(readResults(renderJson(cut), 'results.json').cells).toEqual(cut.cells);
}, 240_000);

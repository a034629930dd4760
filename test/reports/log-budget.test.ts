// Tests of results files whose logs are larger than those of any run.
import { expect, it } from 'vitest';
import type { CellResult, Results } from '../../harness/results/schema.ts';
import { readError } from './read-error.ts';
import { SAMPLE } from './sample.ts';

it('logs of a few lines that a small file repeats beyond the limits of a cell or of a run are refused', () => {
  const line = 'A'.repeat(2 ** 20);
  const withLogs = (texts: Results['logs']['texts'], cells: readonly CellResult[]) =>
    readError({ ...SAMPLE, cells: [...cells], logs: { lines: [line], texts } });
  const none = { libbpf: null, warnings: null, verifier: null, kernel: null, console: null };
  const [first] = SAMPLE.cells;
  const [kernel] = SAMPLE.kernels;
  if (!first || !kernel) throw new Error('the sample has no cell');
  const programs = first.programs.map((program) => ({ ...program, logs: { libbpf: null, verifier: null } }));
  const cell = { ...first, programs, logs: none };
  const half = Array<number>(20).fill(0);
  expect([
    withLogs({ a: Array<number>(100_000).fill(0) }, []),
    withLogs({ a: half, b: half }, [{ ...cell, logs: { ...none, libbpf: 'a', kernel: 'b' } }]),
    withLogs({ a: half, b: half }, [{ ...cell, logs: { ...none, libbpf: 'a' } }]),
  ]).toMatchInlineSnapshot(`
    [
      "results.json: logs.texts.a: 97.7 GiB of text; the logs of a cell have at most 32 MiB",
      "results.json: cells[0].logs: task_state on debian-5.10.262-amd64: 40 MiB of text; the logs of a cell have at most 32 MiB",
      "no error",
    ]
  `);
  const many = Array.from({ length: 1000 }, (_, at) => ({ ...kernel, id: `k${at}` }));
  const cells = many.map(({ id }) => ({ ...cell, kernel: id, logs: { ...none, libbpf: 'a' } }));
  const fleet = { ...SAMPLE, kernels: many, cells, layouts: { types: [], omitted: [] }, logs: { lines: [line], texts: { a: half } } };
  expect(readError(fleet)).toMatchInlineSnapshot(`"results.json: logs: 19.5 GiB of text; merged results have at most 16.1 GiB"`);
});

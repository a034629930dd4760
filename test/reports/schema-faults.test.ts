// Tests of results files with many faults: the first are named, and time and memory do not grow with their number.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonFaultWords } from '../../harness/base/json-faults.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { resultsSchema } from '../../harness/results/schema.ts';
import { readResults, renderJson } from '../../reports/json.ts';
import { schemaFaults } from '../../reports/schema-faults.ts';
import { SAMPLE } from './sample.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'schema-faults-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const TEXT = renderJson(SAMPLE);
const [CELL] = SAMPLE.cells;
const file = (changes: object): string => JSON.stringify({ ...JSON.parse(TEXT), ...changes });
const many = (item: unknown, count = 700_000) => Array.from({ length: count }, () => item);

it.each([
  ['cells', { cells: many({}) }, 'cells[0].kernel: missing; expected a string; cells[0].object: '],
  ['relocation records', { cells: [{ ...CELL, relocations: many({}) }] }, 'cells[0].relocations[0].ref: missing; expected a number; '],
  ['lines of logs', { logs: { lines: many(7), texts: {} } }, 'logs.lines[0]: expected a string, found 7; logs.lines[1]: '],
  ['positions in a log', { logs: { lines: [], texts: { t0: many('') } } }, 'logs.texts.t0[0]: expected a number, found ""; '],
  ['cells at the end', { cells: [...SAMPLE.cells, ...many({})] }, `cells[${SAMPLE.cells.length}].kernel: missing; expected a string; `],
])(
  'a results file with hundreds of thousands of wrong %s is one line that names the first, in little memory',
  async (_, changes, first) => {
    const path = join(folder, 'results.json');
    await writeFile(path, file(changes));
    const main = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
    const { exitCode, stderr } = await execa('node', ['--max-old-space-size=256', main, 'report', path, '-o', join(folder, 'out')], {
      reject: false,
    });
    expect([exitCode, stderr.split('\n')[0]?.slice(0, path.length + first.length + 60)]).toEqual([
      2,
      expect.stringContaining(`${path}: more than 100 errors: ${first}`),
    ]);
    expect(stderr.length).toBeLessThan(500);
  },
);

it('a results file with a few faults is an error with their number and the first three', () => {
  const wrong = file({ run: { ...SAMPLE.run, id: 1, isolation: 'none', complete: 'yes', startedAt: 'today' } });
  expect(() => readResults(wrong, 'results.json')).toThrowErrorMatchingInlineSnapshot(
    `[UserError: results.json: 4 errors: run.id: expected a string, found 1; run.startedAt: expected a time such as 2026-01-31T12:00:00Z, found "today"; run.complete: expected true or false, found "yes"; …]`,
  );
});

it('the faults of a large value are the ones that the schema finds, in its order', () => {
  const value: unknown = JSON.parse(
    file({
      kernels: SAMPLE.kernels.map((kernel, at) => (at === 1 ? { ...kernel, version: 5 } : kernel)),
      cells: [...Array.from({ length: 40 }, () => SAMPLE.cells).flat(), { ...CELL, status: 'good' }, ...SAMPLE.cells, 'cell'],
      layouts: { ...SAMPLE.layouts, omitted: [...many('name', 300), 7, ...many('name', 300), null] },
    }),
  );
  const issues = resultsSchema.safeParse(value, { error: jsonFaultWords }).error?.issues ?? [];
  expect(issues.map(({ path }) => path.join('.'))).toEqual([
    'kernels.1.version',
    `cells.${40 * SAMPLE.cells.length}.status`,
    `cells.${41 * SAMPLE.cells.length + 1}`,
    'layouts.omitted.300',
    'layouts.omitted.601',
  ]);
  expect([...schemaFaults({ schema: resultsSchema, value, path: [] })]).toEqual(issues.map(({ path, message }) => ({ path, message })));
});

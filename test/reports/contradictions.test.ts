// Tests of results files that contradict themselves in their verdicts.
import { expect, it } from 'vitest';
import type { CellResult, Results } from '../../harness/results/schema.ts';
import { readError } from './read-error.ts';
import { SAMPLE } from './sample.ts';

const failing = SAMPLE.cells.findIndex(
  ({ status, programs }) => status === 'fail' && programs.some((program) => program.status === 'fail'),
);

function withCell(change: (cell: CellResult) => Partial<CellResult>): Results {
  return { ...SAMPLE, cells: SAMPLE.cells.map((cell, at) => (at === failing ? { ...cell, ...change(cell) } : cell)) };
}

it('a results file whose verdicts contradict each other is refused with the name of the cell', () => {
  const passing = ({ programs }: CellResult) => programs.map((program) => ({ ...program, status: 'pass' as const }));
  const wrong = [
    withCell(() => ({ status: 'pass' })),
    withCell(() => ({ status: 'xfail' })),
    withCell(() => ({ programs: [] })),
    withCell((cell) => ({ programs: passing(cell) })),
    withCell((cell) => ({ status: 'pass', programs: passing(cell) })),
  ];
  expect(wrong.map(readError)).toMatchInlineSnapshot(`
    [
      "results.json: cells[0].status: "pass" contradicts the programs of task_state on debian-5.10.262-amd64, which make it "fail"",
      "results.json: cells[0].status: "xfail" contradicts the programs of task_state on debian-5.10.262-amd64, which make it "fail"",
      "results.json: cells[0].programs: no verdicts for task_state on debian-5.10.262-amd64; its object has 4 programs",
      "results.json: cells[0].programs[1].class: task_state on debian-5.10.262-amd64: "pass" contradicts the failure class "core-field-missing"",
      "results.json: cells[0].class: task_state on debian-5.10.262-amd64: "pass" contradicts the failure class "core-field-missing"",
    ]
  `);
});

it('a cell that fails as a whole although each of its programs loads is read', () => {
  const alone = ({ programs }: CellResult) => programs.map((program) => ({ ...program, status: 'pass' as const, class: null }));
  expect(readError(withCell((cell) => ({ programs: alone(cell) })))).toBe('no error');
});

/** Programs of the failing cell, changed by a function. */
const withPrograms = (change: (programs: CellResult['programs']) => CellResult['programs']) =>
  readError(withCell((cell) => ({ programs: change(cell.programs) })));

it('a results file in which a cell lacks a program of its object, or has another one or one twice, is refused', () => {
  expect([
    withPrograms((all) => all.slice(0, -1)),
    withPrograms((all) => all.map((one, at) => (at === all.length - 1 ? { ...one, name: 'ghost' } : one))),
    withPrograms((all) => all.flatMap((one, at) => (at === 0 ? [one, one] : [one]))),
    withPrograms((all) => [...all.slice(0, -1), ...all.slice(-2, -1)]),
  ]).toMatchInlineSnapshot(`
    [
      "results.json: cells[0].programs: task_state on debian-5.10.262-amd64: no verdict for the program "newer_hook" of its object",
      "results.json: cells[0].programs[3].name: task_state on debian-5.10.262-amd64: its object has no program "ghost"",
      "results.json: cells[0].programs[1].name: task_state on debian-5.10.262-amd64: an earlier verdict is of the same program "old_name"",
      "results.json: cells[0].programs[3].name: task_state on debian-5.10.262-amd64: an earlier verdict is of the same program "either_name"",
    ]
  `);
});

it('two programs of one name in an object have a verdict each', () => {
  const [first] = SAMPLE.objects;
  const id = SAMPLE.cells[failing]?.object;
  const own = SAMPLE.objects.find((object) => object.id === id) ?? first;
  if (!own) throw new Error('the sample has no object');
  const twice = <Item>(items: readonly Item[]) => [...items, ...items.slice(-1)];
  const objects = SAMPLE.objects.map((object) => (object === own ? { ...object, programs: twice(object.programs) } : object));
  const cells = SAMPLE.cells.map((cell) => (cell.object === own.id ? { ...cell, programs: twice(cell.programs) } : cell));
  expect(readError({ ...SAMPLE, objects, cells })).toBe('no error');
});

it('a results file whose attempts cannot have given the status of the cell is refused', () => {
  const gave = { isolation: 'snapshot', infra: null, reason: null, durationMs: 1 } as const;
  const failed = { ...gave, infra: 'infra-boot', reason: 'no boot' } as const;
  const passing: Partial<CellResult> = { status: 'pass', class: null, stage: null, reason: null };
  const pass = (more: Partial<CellResult>) =>
    readError(
      withCell(({ programs }) => ({
        ...passing,
        flaky: false,
        programs: programs.map((program) => ({ ...program, status: 'pass' as const, class: null })),
        ...more,
      })),
    );
  const notRun = ({ programs }: CellResult) => ({
    status: 'not-run' as const,
    class: null,
    programs: programs.map((program) => ({ ...program, status: 'not-run' as const, class: null })),
    attempts: [gave],
  });
  expect([
    pass({ attempts: [] }),
    pass({ attempts: [failed] }),
    pass({ attempts: [gave], flaky: true }),
    pass({ attempts: [failed, gave], flaky: false }),
    pass({ attempts: [gave, gave], flaky: true }),
    readError(withCell(() => ({ attempts: [] }))),
    readError(withCell(notRun)),
    pass({ attempts: [failed, gave], flaky: true }),
  ]).toMatchInlineSnapshot(`
    [
      "results.json: cells[0].attempts: task_state on debian-5.10.262-amd64: "pass" needs an attempt with a verdict",
      "results.json: cells[0].attempts: task_state on debian-5.10.262-amd64: "pass" needs an attempt with a verdict",
      "results.json: cells[0].flaky: task_state on debian-5.10.262-amd64: true contradicts 1 attempt",
      "results.json: cells[0].flaky: task_state on debian-5.10.262-amd64: false contradicts 2 attempts",
      "results.json: cells[0].attempts[0].infra: task_state on debian-5.10.262-amd64: null, but a later attempt follows the verdict",
      "results.json: cells[0].attempts: task_state on debian-5.10.262-amd64: "fail" needs an attempt",
      "results.json: cells[0].attempts: task_state on debian-5.10.262-amd64: "not-run" has no attempts",
      "no error",
    ]
  `);
});

it('a results file with a status that needs an expectation, but without one, is refused', () => {
  const without = (status: 'unsupported' | 'xfail') =>
    readError(withCell(({ programs }) => ({ status, programs: programs.map((program) => ({ ...program, status, expected: null })) })));
  expect([without('unsupported'), without('xfail')]).toMatchInlineSnapshot(`
    [
      "results.json: cells[0].programs[0].expected: task_state on debian-5.10.262-amd64: null, but "unsupported" needs an expectation",
      "results.json: cells[0].programs[0].expected: task_state on debian-5.10.262-amd64: null, but "xfail" needs an expectation",
    ]
  `);
});

it('a results file of a complete run without some cell is refused, unless the run is a shard or was interrupted', () => {
  const { run } = SAMPLE;
  const less = { ...SAMPLE, cells: SAMPLE.cells.slice(1) };
  const complete = { ...run, complete: true };
  expect([
    readError({ ...less, run: complete }),
    readError({ ...SAMPLE, cells: [], run: complete }),
    readError({ ...less, run: { ...complete, shard: { index: 1, total: 2 } } }),
    readError({ ...less, run: { ...run, complete: false } }),
  ]).toMatchInlineSnapshot(`
    [
      "results.json: cells: the run is complete, but task_state on debian-5.10.262-amd64 is missing",
      "results.json: cells: the run is complete, but task_state on debian-5.10.262-amd64 is missing",
      "no error",
      "no error",
    ]
  `);
});

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

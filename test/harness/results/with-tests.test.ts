// Tests of the list of tests that is made of the output on all kernels.
import { expect, test } from 'vitest';
import { EXIT_ROW, withTests } from '../../../harness/results/with-tests.ts';
import { uniformCell } from '../../../harness/results/uniform-cell.ts';
import type { CellProgram, CellResult, ObjectResult } from '../../../harness/results/schema.ts';
import { SAMPLE } from '../../reports/sample.ts';

const EXECUTABLE: ObjectResult = {
  id: 'suite',
  path: './suite',
  sha256: '0'.repeat(64),
  size: 1,
  executable: true,
  license: null,
  programs: [],
  relocations: [],
  maps: [],
};

const row = (name: string, status: 'pass' | 'fail'): CellProgram => ({
  name,
  status,
  stage: status === 'fail' ? 'run' : null,
  class: status === 'fail' ? 'test-failed' : null,
  errno: null,
  reason: status === 'fail' ? 'a reason' : null,
  expected: null,
  logs: { libbpf: null, verifier: null },
});

function cell(kernel: string, status: 'pass' | 'fail', programs: CellProgram[]): CellResult {
  return { ...uniformCell(kernel, EXECUTABLE, status, null), programs };
}

function shown(cells: CellResult[]) {
  const results = withTests({ ...SAMPLE, objects: [EXECUTABLE], cells });
  return {
    tests: results.objects[0]?.programs.map(({ name }) => name),
    cells: results.cells.map(({ kernel, programs }) => [kernel, ...programs.map(({ name, status }) => `${name} ${status}`)].join(': ')),
  };
}

test('a test that a kernel lacks is not run there, and has no verdict where the guest failed', () => {
  const infra = uniformCell('7.3', EXECUTABLE, 'infra', { class: 'infra-timeout', reason: 'too slow' });
  expect(shown([cell('5.10', 'pass', [row('a', 'pass')]), cell('6.12', 'fail', [row('b', 'fail'), row('a', 'pass')]), infra])).toEqual({
    tests: ['a', 'b'],
    cells: ['5.10: a pass: b not-run', '6.12: a pass: b fail', '7.3: a infra: b infra'],
  });
});

test('a failure of the executable itself is a row that passes where the tests say all', () => {
  expect(shown([cell('5.10', 'fail', [row('a', 'fail')]), cell('6.12', 'fail', [row('a', 'pass'), row(EXIT_ROW, 'fail')])])).toEqual({
    tests: ['a', EXIT_ROW],
    cells: ['5.10: a fail: exit status pass', '6.12: a pass: exit status fail'],
  });
});

test('an executable that ran nowhere has its own row, with what kept it from running', () => {
  const infra = uniformCell('5.10', EXECUTABLE, 'infra', { class: 'infra-boot', reason: 'the guest did not boot' });
  expect(shown([infra, uniformCell('6.12', EXECUTABLE, 'not-run', null)])).toEqual({
    tests: [EXIT_ROW],
    cells: ['5.10: exit status infra', '6.12: exit status not-run'],
  });
});

test('the row of the executable is not run where nothing ran, and fails where the executable broke the kernel', () => {
  const crash = uniformCell('6.12', EXECUTABLE, 'fail', { class: 'kernel-crash', reason: 'the kernel panicked' });
  expect(
    shown([cell('5.10', 'fail', [row('a', 'pass'), row(EXIT_ROW, 'fail')]), crash, uniformCell('7.3', EXECUTABLE, 'not-run', null)]),
  ).toEqual({
    tests: ['a', EXIT_ROW],
    cells: ['5.10: a pass: exit status fail', '6.12: a fail: exit status fail', '7.3: a not-run: exit status not-run'],
  });
});

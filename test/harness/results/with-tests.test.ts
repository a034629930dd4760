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

import { expect, test } from 'vitest';
import { loadConfig, parseConfig } from '../../../harness/config/load.ts';

function errorOf(text: string): string {
  try {
    parseConfig(text, 'corematrix.yaml');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'no error';
}

test('a configuration is read', () => {
  const text = `
kernels: [debian:all]
objects: [build/*.bpf.o]
expectations:
  - { object: a.bpf.o, program: p, kernels: ">=5.14", status: fail, class: core-field-missing, reason: state became __state }
`;
  expect(parseConfig(text, 'corematrix.yaml')).toEqual({
    kernels: ['debian:all'],
    objects: ['build/*.bpf.o'],
    expectations: [
      { object: 'a.bpf.o', program: 'p', kernels: '>=5.14', status: 'fail', class: 'core-field-missing', reason: 'state became __state' },
    ],
  });
});

test('an empty configuration is one', () => {
  expect(parseConfig('', 'corematrix.yaml')).toEqual({});
});

test.each([
  ['kernel: [debian:all]\n', 'an unknown key'],
  ['kernels: [debian:all]\nexpectations:\n  - object: a\n    status: fail\n    reason: r\n    kernel: 5.10\n', 'an unknown key below'],
  ['kernels: debian:all\n', 'a wrong type'],
  ['jobs: 0\n', 'a number out of range'],
  ['expectations:\n  - object: a\n    status: broken\n    reason: r\n', 'an unknown status'],
  ['kernels: [debian:all\n', 'broken YAML'],
  ['- a\n- b\n', 'a list at the top'],
])('%j says where and what', (text) => {
  expect(errorOf(text)).toMatchSnapshot();
});

test('an alias bomb is refused', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 8; level++) {
    const before = String.fromCodePoint(96 + level);
    bomb.push(`${String.fromCodePoint(97 + level)}: &${String.fromCodePoint(97 + level)} [${Array(9).fill(`*${before}`).join(', ')}]`);
  }
  expect(errorOf(bomb.join('\n'))).toBe('corematrix.yaml: cannot be read: Excessive alias count indicates a resource exhaustion attack');
});

test('a file that is not there is named', async () => {
  await expect(loadConfig('no/such.yaml')).rejects.toThrow('no/such.yaml: cannot read the configuration (ENOENT)');
});

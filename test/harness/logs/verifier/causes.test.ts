// Tests of the numbers and kinds behind messages with which the verifier rejects a program.
import { expect, test } from 'vitest';
import { causeOf, isRejection } from '../../../../harness/logs/verifier/causes.ts';

test.each([
  ['195896080', { type: 'core-relocation', relocation: null }],
  ['2001000003', { type: 'missing-map', name: null }],
  ['2002000001', { type: 'missing-kfunc', name: null }],
  ['2003000001', { type: 'helper-unknown', id: 2_003_000_001, name: null }],
  ['2001', { type: 'helper-unknown', id: 2001, name: null }],
  ['2002', { type: 'helper-unknown', id: 2002, name: null }],
])('a call of the unknown function %s has its cause', (number, cause) => {
  expect(causeOf(`invalid func unknown#${number}`)).toEqual(cause);
});

test('a helper that the kernel names, but lacks, is unknown by its name', () => {
  expect(causeOf('invalid func bpf_d_path#147')).toEqual({ type: 'helper-unknown', id: 147, name: 'bpf_d_path' });
});

test('only a cause that is the kind of the rejection says no more than it', () => {
  const causes = ['unreachable insn 9', 'Unreleased reference id=2 alloc_insn=1', 'R0 !read_ok'].map(causeOf);
  expect(causes.map((cause) => cause && [cause.type, isRejection(cause)])).toEqual([
    ['control-flow', true],
    ['unreleased-reference', true],
    ['uninitialized', false],
  ]);
});

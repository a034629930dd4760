import { expect, test } from 'vitest';
import { errnoName, errnoOf } from '../../../../harness/logs/libbpf/errno.ts';

test.each([
  ['-EINVAL', 22],
  ['-22', 22],
  ['Invalid argument', 22],
  ['Invalid argument(-22)', 22],
  ['Out of memory', 12],
  ['-ENOTSUPP', 524],
  ['parameter mismatch', null],
  ['', null],
])('the text %j means error number %s', (text, errno) => {
  expect(errnoOf(text)).toBe(errno);
});

test('an error number without a name is printed as a number', () => {
  expect([errnoName(22), errnoName(999)]).toEqual(['EINVAL', 'errno 999']);
});

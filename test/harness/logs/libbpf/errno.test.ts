import { expect, test } from 'vitest';
import { errnoName, errnoOf } from '../../../../harness/logs/libbpf/errno.ts';

test.each([
  ['-EINVAL', 22],
  ['-22', 22],
  ['Invalid argument', 22],
  ['Invalid argument(-22)', 22],
  ['Out of memory', 12],
  ['-ENOTSUPP', 524],
  ['EPERM', 1],
  [' -22 ', 22],
  ['22', 22],
  ['12345', null],
  ['-22 x', null],
  ['x 22', null],
  ['Invalid argument(22)', 22],
  ['odd (err = -7)', 7],
  ['odd (-7) words', null],
  ['odd(-12345)', null],
  ['--EPERM', null],
  ['not -EPERM', null],
  ['E-PERM', null],
  ['LIBBPF_ERRNO__KVERSION', 4002],
  ['parameter mismatch', null],
  ['', null],
])('the text %j means error number %s', (text, errno) => {
  expect(errnoOf(text)).toBe(errno);
});

/** Messages of strerror(3) that libbpf printed before 1.6. */
const TEXTS = [
  [1, 'Operation not permitted'],
  [2, 'No such file or directory'],
  [3, 'No such process'],
  [7, 'Argument list too long'],
  [8, 'Exec format error'],
  [9, 'Bad file descriptor'],
  [11, 'Resource temporarily unavailable'],
  [12, 'Cannot allocate memory'],
  [12, 'Out of memory'],
  [13, 'Permission denied'],
  [14, 'Bad address'],
  [16, 'Device or resource busy'],
  [16, 'Resource busy'],
  [17, 'File exists'],
  [19, 'No such device'],
  [22, 'Invalid argument'],
  [28, 'No space left on device'],
  [34, 'Numerical result out of range'],
  [34, 'Result not representable'],
  [38, 'Function not implemented'],
  [71, 'Protocol error'],
  [75, 'Value too large for defined data type'],
  [95, 'Operation not supported'],
  [95, 'Not supported'],
  [117, 'Structure needs cleaning'],
  [524, 'Unknown error 524'],
] as const;

test.each(TEXTS)('error number %i is printed as "%s"', (errno, text) => {
  expect([errnoOf(text), errnoOf(`${text}!`)]).toEqual([errno, null]);
});

test('an error number without a name is printed as a number', () => {
  expect([errnoName(22), errnoName(999)]).toEqual(['EINVAL', 'errno 999']);
});

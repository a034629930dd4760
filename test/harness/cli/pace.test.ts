import { expect, test } from 'vitest';
import { clock, paceText } from '../../../harness/cli/pace.ts';

test('times are written as on a clock', () => {
  expect([-1, 0, 499, 65_000, 3_599_600, 7_389_000].map(clock)).toEqual(['0:00', '0:00', '0:00', '1:05', '1:00:00', '2:03:09']);
});

test('rate and estimate appear once enough cells have run for long enough', () => {
  const paces = [
    { elapsedMs: 60_000, ran: 2, left: 64 },
    { elapsedMs: 2_000, ran: 10, left: 56 },
    { elapsedMs: 10_000, ran: 21, left: 54 },
    { elapsedMs: 60_000, ran: 30, left: 60 },
    { elapsedMs: 60_000, ran: 90, left: 0 },
  ];
  expect(paces.map(paceText)).toEqual([
    '1:00',
    '0:02',
    '0:10, 2.1 cells/s, about 0:26 left',
    '1:00, 30.0 cells/min, about 2:00 left',
    '1:00, 1.5 cells/s',
  ]);
});

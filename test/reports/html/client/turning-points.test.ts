// Tests of finding the kernels between which the outcome of a relocation changes.
import { expect, it } from 'vitest';
import { turningPoints } from '../../../../reports/html/client/turning-points.ts';
import type { OutcomeData } from '../../../../reports/html/shared/page-data.ts';

const outcome = (facts: Partial<OutcomeData>): OutcomeData => ({
  ref: 0,
  outcome: 'resolved',
  local: '8',
  target: '8',
  reached: null,
  suspicious: null,
  warnings: [],
  predicted: null,
  candidates: [],
  ...facts,
});

const MOVED = outcome({ outcome: 'moved', target: '16' });

it.each<[string, (OutcomeData | null)[], [number, number][]]>([
  ['nothing is known', [null, null], []],
  ['nothing changes', [outcome({}), outcome({ warnings: ['a warning'] })], []],
  [
    'a value moves and moves back',
    [outcome({}), MOVED, MOVED, outcome({})],
    [
      [0, 1],
      [2, 3],
    ],
  ],
  ['kernels between have no outcome', [outcome({}), null, null, MOVED], [[0, 3]]],
  [
    'only the verdict of the verifier changes',
    [outcome({ outcome: 'poisoned', reached: 'no' }), outcome({ outcome: 'poisoned', reached: 'yes' })],
    [[0, 1]],
  ],
])('turning points are found when %s', (_, outcomes, points) => {
  expect(turningPoints(outcomes)).toEqual(points);
});

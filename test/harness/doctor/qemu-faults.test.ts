import { expect, it } from 'vitest';
import { judgeQemu } from '../../../harness/doctor/qemu-faults.ts';

it('doctor reports known faults of QEMU versions, and warns about an untested version', () => {
  const judgement = (version: string) => {
    const { state, found } = judgeQemu(version);
    return `${state}: ${found.split(': ')[0]}`;
  };
  expect(['6.2.0', '7.2.22', '8.0.0', '10.0.3'].map(judgement)).toEqual([
    'warning: 6.2.0, which was never tested',
    'ok: 7.2.22; known fault',
    'ok: 8.0.0, no known faults',
    'ok: 10.0.3, no known faults',
  ]);
  expect(judgeQemu('7.2.22').advice).toContain('shared memory');
});

// Tests of shards: each cell is in exactly one shard, shards are the same on every machine, and they take about the same time.
import { assert, array, integer, nat, property, uniqueArray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UserError } from '../../../../harness/base/errors.ts';
import { cutPlan, type Durations, measuredDurations, parseShard } from '../../../../harness/plan/choice/shard.ts';
import { SAMPLE } from '../../../reports/sample.ts';

const EVEN = measuredDurations(null);
const names = (count: number, letter: string) => Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);
const drawn = (shards: ReturnType<typeof cutPlan>) =>
  shards.map((cells) => [...cells].map(([kernel, objects]) => `${kernel}: ${[...objects].join(' ')}`).join(', ') || 'nothing');

describe('the shards of a plan', () => {
  it('the shards of a plan are whole kernels if there are enough', () => {
    expect(drawn(cutPlan(names(5, 'k'), names(2, 'o'), 2, EVEN))).toEqual(['k1: o1 o2, k3: o1 o2, k5: o1 o2', 'k2: o1 o2, k4: o1 o2']);
  });

  it('the shards of a plan share a kernel if there are too few', () => {
    expect(drawn(cutPlan(names(1, 'k'), names(6, 'o'), 3, EVEN))).toEqual(['k1: o1 o2', 'k1: o3 o4', 'k1: o5 o6']);
    expect(drawn(cutPlan(names(1, 'k'), names(2, 'o'), 4, EVEN))).toEqual(['k1: o1', 'k1: o2', 'nothing', 'nothing']);
  });

  it('the shards of a plan have the same measured duration, not the same number of cells', () => {
    const slow: Durations = { kernel: () => 0, cell: (kernel) => (kernel === 'k1' ? 9 : 3) };
    expect(drawn(cutPlan(names(4, 'k'), ['o'], 2, slow))).toEqual(['k1: o', 'k2: o, k3: o, k4: o']);
  });

  it('the shards of a plan contain every cell once and are the same every time', () => {
    assert(
      property(
        uniqueArray(nat(99), { maxLength: 12 }),
        integer({ min: 1, max: 12 }),
        integer({ min: 1, max: 15 }),
        array(nat(10_000), { minLength: 7, maxLength: 7 }),
        (ids, objectCount, total, costs) => {
          const kernels = ids.map((id) => `k${id}`);
          const objects = names(objectCount, 'o');
          const cost = (text: string) => costs[text.length % 7] ?? 1;
          const durations: Durations = { kernel: cost, cell: (kernel, object) => cost(`${kernel}${object}`) };
          const shards = cutPlan(kernels, objects, total, durations);
          const cells = shards.flatMap((shard) => [...shard].flatMap(([kernel, own]) => [...own].map((object) => `${kernel} ${object}`)));
          expect(cells.toSorted()).toEqual(kernels.flatMap((kernel) => objects.map((object) => `${kernel} ${object}`)).toSorted());
          expect(cutPlan(kernels, objects, total, durations)).toEqual(shards);
        },
      ),
    );
  });
});

describe('measured durations', () => {
  it('measured durations come from the cell, else from its object on other kernels, else from all cells with a verdict', () => {
    const measured = measuredDurations(SAMPLE);
    expect([
      measured.cell('debian-5.10.262-amd64', 'task_state'),
      measured.cell('file-vmlinux-7.4', 'task_state'),
      measured.cell('debian-6.12.117-amd64', 'probes'),
      measured.cell('other', 'other'),
      measured.kernel('debian-5.10.262-amd64'),
      measured.kernel('other'),
    ]).toEqual([900.25, (900.25 + 120.5) / 2, 120.5, (900.25 + 2 * 120.5) / 3, 812.5, 812.5]);
    expect([EVEN.cell('k', 'o'), EVEN.kernel('k')]).toEqual([1000, 8000]);
  });
});

describe('a shard on the command line', () => {
  it('a shard on the command line is a number and a total', () => {
    expect([parseShard('1/1'), parseShard('12/40')]).toEqual([
      { index: 1, total: 1 },
      { index: 12, total: 40 },
    ]);
  });

  it.each(['0/3', '4/3', '1', '1/', '-1/2', '1/0', '1/2/3', ' 1/2', '1/1001', '1e0/2', ''])(
    'a shard on the command line cannot be %j',
    (text) => {
      expect(() => parseShard(text)).toThrow(
        new UserError(`'${text}' is not a shard; expected for example 2/3, the second of three, of at most 1000`),
      );
    },
  );
});

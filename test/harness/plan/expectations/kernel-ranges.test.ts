// Tests of kernel ranges for expectations: each contains exactly the kernels that it was made for.
import { assert, property, subarray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangesOf } from '../../../../harness/plan/expectations/kernel-ranges.ts';
import { inRange, parseKernelVersion, parseRange } from '../../../../harness/base/kernel-version.ts';

const KERNELS = ['5.10.262', '6.1.176', '6.12.94', '6.12.117', '6.16.12', '7.0.13', '7.4-rc3'].map((version) => ({
  version,
  series: version.split(/[.-]/).slice(0, 2).join('.'),
}));

describe('ranges of kernels', () => {
  const of = (...versions: string[]) => rangesOf(KERNELS, ({ version }) => versions.includes(version));

  it('ranges of kernels are open at the oldest and newest kernel, and name a full version only for a neighbour of the same series', () => {
    expect([
      of(...KERNELS.map(({ version }) => version)),
      of(),
      of('5.10.262'),
      of('5.10.262', '6.1.176'),
      of('7.4-rc3', '7.0.13'),
      of('6.1.176'),
      of('5.10.262', '6.1.176', '6.12.94'),
      of('6.12.117'),
      of('5.10.262', '6.16.12'),
    ]).toEqual([
      [undefined],
      [],
      ['<=5.10'],
      ['<=6.1'],
      ['>=7.0'],
      ['>=6.1,<=6.1'],
      ['<=6.12.94'],
      ['>=6.12.117,<=6.12'],
      ['<=5.10', '>=6.16,<=6.16'],
    ]);
  });

  it('ranges of kernels contain the kernels that they were made for and no others', () => {
    assert(
      property(subarray(KERNELS), (chosen) => {
        const ranges = rangesOf(KERNELS, (kernel) => chosen.includes(kernel));
        const held = KERNELS.filter(({ version }) =>
          ranges.some((range) => range === undefined || inRange(parseKernelVersion(version), parseRange(range))),
        );
        expect(held).toEqual(chosen);
      }),
    );
  });
});

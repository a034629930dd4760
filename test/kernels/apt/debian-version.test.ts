// Tests of the order of Debian package versions, compared with dpkg.
import { execa } from 'execa';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDebianVersions, isRebuild, kernelVersionOf } from '../../../kernels/apt/debian-version.ts';
import { upstreamOf } from '../../../harness/base/kernel-version.ts';
import { fuzzRuns } from '../../fuzz/runs.ts';

const hasDpkg = (await execa('dpkg', ['--version'], { reject: false })).exitCode === 0;

async function dpkgOrder(a: string, b: string): Promise<number> {
  for (const [operator, order] of [
    ['lt', -1],
    ['eq', 0],
  ] as const) {
    const result = await execa('dpkg', ['--compare-versions', a, operator, b], { reject: false });
    if (result.exitCode === 0) return order;
  }
  return 1;
}

describe('Debian package versions', () => {
  it('a tilde in a Debian package version sorts before everything else', () => {
    const versions = [
      '6.12.117-1',
      '6.12.117-1~deb12u1',
      '7.3~rc7-1~exp1',
      '6.12.90-2',
      '7.3.4-1~bpo13+1',
      '6.12.90-1',
      '1:1.0-1',
      '7.3-1',
      '6.12.9-1',
    ];
    expect(versions.toSorted(compareDebianVersions)).toEqual([
      '6.12.9-1',
      '6.12.90-1',
      '6.12.90-2',
      '6.12.117-1~deb12u1',
      '6.12.117-1',
      '7.3~rc7-1~exp1',
      '7.3-1',
      '7.3.4-1~bpo13+1',
      '1:1.0-1',
    ]);
  });

  it.skipIf(!hasDpkg)('Debian package versions have the same order as in dpkg', async () => {
    const upstream = fc.stringMatching(/^[0-9][0-9a-cAZ.+~-]{0,8}$/);
    const version = fc
      .tuple(fc.constantFrom('', '', '0:', '1:'), upstream, fc.option(fc.stringMatching(/^[0-9a-c.+~]{1,5}$/)))
      .map(([epoch, main, revision]) => `${epoch}${main}${revision === null ? '' : `-${revision}`}`)
      .filter((text) => !text.endsWith('-'));
    await fc.assert(
      fc.asyncProperty(version, version, async (a, b) => {
        expect([a, b, Math.sign(compareDebianVersions(a, b))]).toEqual([a, b, await dpkgOrder(a, b)]);
      }),
      { numRuns: fuzzRuns(60) },
    );
  });

  it('Debian package versions contain the upstream kernel version and the mark of a rebuild', () => {
    const facts = ['5.10.262-1', '7.3~rc7-1~exp1', '6.12.117-1~deb12u1', '7.3.4-1~bpo13+1', 'unknown'].map((version) => {
      const kernel = kernelVersionOf(version);
      return [version, kernel && upstreamOf(kernel), isRebuild(version)];
    });
    expect(facts).toEqual([
      ['5.10.262-1', '5.10.262', false],
      ['7.3~rc7-1~exp1', '7.3-rc7', false],
      ['6.12.117-1~deb12u1', '6.12.117', true],
      ['7.3.4-1~bpo13+1', '7.3.4', true],
      ['unknown', null, false],
    ]);
  });
});

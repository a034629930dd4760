// Tests of kernel versions in the forms of distributions, of their total order, and of ranges.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compareKernelVersions,
  inRange,
  parseKernelVersion,
  parseRange,
  seriesOf,
  tryParseKernelVersion,
  upstreamOf,
} from '../../../harness/base/kernel-version.ts';
import { messageOf } from '../../../harness/base/errors.ts';
import { fuzzRuns } from '../../fuzz/runs.ts';

const RUNS = { numRuns: fuzzRuns(200) };

function sorted(texts: string[]): string[] {
  return texts.toSorted((a, b) => compareKernelVersions(parseKernelVersion(a), parseKernelVersion(b)));
}

describe('kernel versions', () => {
  it('kernel versions are parsed in every form that distributions use', () => {
    const texts = [
      '6.12.117+deb13-cloud-amd64',
      '7.4-rc3',
      'v7.4-rc3',
      '5.10.0-46-cloud-amd64',
      '5.14.0-427.50.1.el9_4.x86_64',
      '6.9.0-0.rc3.20260412git',
      '7.3~rc7',
      '5.15.153.1-microsoft-standard-WSL2',
      '6.12',
      '5.15.90+',
      '6.1.0-rc3+',
      '6.12+',
    ];
    expect(texts.map((text) => `${text}: ${Object.values(parseKernelVersion(text)).join(' | ')}`)).toMatchInlineSnapshot(`
      [
        "6.12.117+deb13-cloud-amd64: 6 | 12 | 117 |  | +deb13-cloud-amd64",
        "7.4-rc3: 7 | 4 |  | 3 | ",
        "v7.4-rc3: 7 | 4 |  | 3 | ",
        "5.10.0-46-cloud-amd64: 5 | 10 | 0 |  | -46-cloud-amd64",
        "5.14.0-427.50.1.el9_4.x86_64: 5 | 14 | 0 |  | -427.50.1.el9_4.x86_64",
        "6.9.0-0.rc3.20260412git: 6 | 9 | 0 | 3 | .20260412git",
        "7.3~rc7: 7 | 3 |  | 7 | ",
        "5.15.153.1-microsoft-standard-WSL2: 5 | 15 | 153 |  | .1-microsoft-standard-WSL2",
        "6.12: 6 | 12 |  |  | ",
        "5.15.90+: 5 | 15 | 90 |  | +",
        "6.1.0-rc3+: 6 | 1 | 0 | 3 | +",
        "6.12+: 6 | 12 |  |  | +",
      ]
    `);
  });

  it('text that is not a kernel version is refused with a clear error', () => {
    const texts = [
      '',
      'next-20260101',
      '6',
      '6.',
      '6.12.',
      '6.12 ',
      '6.12\n',
      'x6.12',
      '6.12abc',
      '6.12-é',
      `6.12-${'a'.repeat(200)}`,
      '99999999.1',
    ];
    expect(texts.filter((text) => tryParseKernelVersion(text))).toEqual([]);
    expect(() => parseKernelVersion('six')).toThrowErrorMatchingInlineSnapshot(
      `[UserError: 'six' is not a kernel version; expected for example 6.12, 6.12.117 or 7.4-rc3]`,
    );
  });

  it('kernel versions are ordered by number, with release candidates below the release and local parts by number', () => {
    expect(
      sorted([
        '6.12.117',
        '5.10.0-103',
        '6.1.5',
        '7.4',
        '5.10.0-46',
        '6.12',
        '7.4-rc10',
        '5.4.300',
        '7.4-rc3',
        '6.12.9',
        '7.4.1',
        '5.10.262',
      ]),
    ).toEqual([
      '5.4.300',
      '5.10.0-46',
      '5.10.0-103',
      '5.10.262',
      '6.1.5',
      '6.12',
      '6.12.9',
      '6.12.117',
      '7.4-rc3',
      '7.4-rc10',
      '7.4',
      '7.4.1',
    ]);
  });

  it('kernel versions have a series and an upstream version', () => {
    const version = parseKernelVersion('7.4-rc3-00012-g1234567');
    expect([seriesOf(version), upstreamOf(version)]).toEqual(['7.4', '7.4-rc3']);
    expect(upstreamOf(parseKernelVersion('6.12.117+deb13-cloud-amd64'))).toBe('6.12.117');
  });

  const number = fc.nat(30);
  const version = fc
    .record({
      series: fc.tuple(fc.integer({ min: 4, max: 7 }), number),
      patch: fc.option(number),
      rc: fc.option(number),
      local: fc.constantFrom('', '-1', '-46', '-046', '+deb13', '.1', '-427.el9', '-427.el9_4', '-0', '~bpo'),
    })
    .map(
      ({ series, patch, rc, local }) =>
        `${series[0]}.${series[1]}${patch === null ? '' : `.${patch}`}${rc === null ? '' : `-rc${rc}`}${local}`,
    );
  const sign = (a: string, b: string) => Math.sign(compareKernelVersions(parseKernelVersion(a), parseKernelVersion(b)));

  it('the order of kernel versions is total', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(sign(a, a)).toBe(0);
        expect(sign(a, b) + sign(b, a)).toBe(0);
        const chain = sign(a, b) <= 0 && sign(b, c) <= 0;
        expect(chain && sign(a, c) > 0).toBe(false);
      }),
      RUNS,
    );
  });

  it('parsing a kernel version never throws on arbitrary text', () => {
    const total = fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      tryParseKernelVersion(text);
    });
    expect(() => fc.assert(total, RUNS)).not.toThrow();
  });
});

describe('ranges of kernel versions', () => {
  const versions = ['5.10.262', '5.13.19', '5.14.0', '6.1.192', '6.12.99', '6.12.117', '7.4-rc3', '7.4.1'];
  const matching = (range: string) => versions.filter((version) => inRange(parseKernelVersion(version), parseRange(range)));

  it('a range of kernel versions without a patch level means whole series', () => {
    expect(matching('>=5.10,<=6.12')).toEqual(['5.10.262', '5.13.19', '5.14.0', '6.1.192', '6.12.99', '6.12.117']);
    expect(matching('<5.14')).toEqual(['5.10.262', '5.13.19']);
    expect(matching('6.1')).toEqual(['6.1.192']);
    expect(matching('>6.1, <7.4')).toEqual(['6.12.99', '6.12.117']);
    expect(matching('>=7.4')).toEqual(['7.4-rc3', '7.4.1']);
  });

  it('a range of kernel versions with a patch level or release candidate compares them', () => {
    expect(matching('>=6.12.100')).toEqual(['6.12.117', '7.4-rc3', '7.4.1']);
    expect(matching('=6.12.117')).toEqual(['6.12.117']);
    expect(matching('>7.4-rc3')).toEqual(['7.4.1']);
    expect(matching('<7.4.0')).toEqual(versions.slice(0, -1));
  });

  it('a major version alone has a meaning beside >= and <, and a suggestion beside other comparators', () => {
    expect(matching('>=6')).toEqual(versions.slice(3));
    expect(matching('>=5.13,<7')).toEqual(['5.13.19', '5.14.0', '6.1.192', '6.12.99', '6.12.117']);
    const problems = ['6', '=6', '>6', '<=6', '>=6.1,<=v7'].map((text) => {
      try {
        return parseRange(text).length.toString();
      } catch (error) {
        return messageOf(error);
      }
    });
    expect(problems).toMatchInlineSnapshot(`
      [
        "'6' is not a range of kernel versions (did you mean >=6.0,<7.0?); expected for example 6.12, <5.14 or >=5.10,<=6.12",
        "'=6' is not a range of kernel versions (did you mean >=6.0,<7.0?); expected for example 6.12, <5.14 or >=5.10,<=6.12",
        "'>6' is not a range of kernel versions (did you mean >=7.0?); expected for example 6.12, <5.14 or >=5.10,<=6.12",
        "'<=6' is not a range of kernel versions (did you mean <7.0?); expected for example 6.12, <5.14 or >=5.10,<=6.12",
        "'>=6.1,<=v7' is not a range of kernel versions (did you mean <8.0?); expected for example 6.12, <5.14 or >=5.10,<=6.12",
      ]
    `);
  });

  it('a range that no kernel version is in is refused as empty', () => {
    const problem = (text: string) => {
      try {
        parseRange(text);
        return `${text}: not empty`;
      } catch (error) {
        return messageOf(error);
      }
    };
    const ranges = [
      '>=6.1,<5',
      '6.1, 6.12',
      '>6.12,<6.13',
      '<6.12.5,>=6.12.5',
      '>6.12.5,<=6.12.6',
      '>7.4-rc3,<7.4.0',
      '<0.0',
      '>=6.12,<=6.12',
      '<6',
      '>=6.1.5-1,<6.1.5-2',
    ];
    expect(ranges.map(problem)).toMatchInlineSnapshot(`
      [
        "'>=6.1,<5' is an empty range: no kernel version is >=6.1 and also <5; all conditions between commas must hold",
        "'6.1, 6.12' is an empty range: no kernel version is 6.1 and also 6.12; all conditions between commas must hold",
        "'>6.12,<6.13' is an empty range: no kernel version is >6.12 and also <6.13; all conditions between commas must hold",
        "'<6.12.5,>=6.12.5' is an empty range: no kernel version is <6.12.5 and also >=6.12.5; all conditions between commas must hold",
        ">6.12.5,<=6.12.6: not empty",
        ">7.4-rc3,<7.4.0: not empty",
        "'<0.0' is an empty range: no kernel version is <0.0",
        ">=6.12,<=6.12: not empty",
        "<6: not empty",
        ">=6.1.5-1,<6.1.5-2: not empty",
      ]
    `);
  });

  it('no range is refused as empty that some version is in', () => {
    const number = fc.integer({ min: 0, max: 3 });
    const version = fc
      .tuple(number, number, fc.option(number), fc.option(number))
      .map(([major, minor, patch, rc]) => `${major}.${minor}${patch === null ? '' : `.${patch}`}${rc === null ? '' : `-rc${rc}`}`);
    const bound = fc.tuple(fc.constantFrom('>=', '<=', '>', '<', '='), version).map((parts) => parts.join(''));
    const bounds = fc.array(bound, { minLength: 1, maxLength: 4 });
    const holds = fc.property(bounds, version, (all, wanted) => {
      // One bound alone is empty only below the first version.
      fc.pre(all.every((each) => each !== '<0.0' && each !== '<0.0.0-rc0' && each !== '<0.0-rc0'));
      const isIn = all.every((each) => inRange(parseKernelVersion(wanted), parseRange(each)));
      if (isIn) parseRange(all.join(','));
    });
    expect(() => fc.assert(holds, RUNS)).not.toThrow();
  });

  it('text that is not a range of kernel versions is refused with a clear error', () => {
    expect(() => parseRange('>=5.10,')).toThrowErrorMatchingInlineSnapshot(
      `[UserError: '>=5.10,' is not a range of kernel versions; expected for example 6.12, <5.14 or >=5.10,<=6.12]`,
    );
    expect(() => parseRange('=>5.10')).toThrowErrorMatchingInlineSnapshot(
      `[UserError: '=>5.10' is not a range of kernel versions; expected for example 6.12, <5.14 or >=5.10,<=6.12]`,
    );
    expect(() => parseRange('')).toThrowErrorMatchingInlineSnapshot(
      `[UserError: '' is not a range of kernel versions; expected for example 6.12, <5.14 or >=5.10,<=6.12]`,
    );
  });
});

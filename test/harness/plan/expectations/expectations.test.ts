import { describe, expect, it } from 'vitest';
import type { Expectation } from '../../../../harness/plan/expectations/expectation-schema.ts';
import {
  applyExpectation,
  cellStatus,
  describeExpectation,
  expectationFor,
  sortByExpiry,
  unusedExpectations,
  whyUnused,
} from '../../../../harness/plan/expectations/expectations.ts';
import type { CellProgram } from '../../../../harness/results/schema.ts';
import { SAMPLE } from '../../../reports/sample.ts';

const OBJECT = { path: 'build/net.bpf.o' };
const EXPECTATIONS: Expectation[] = [
  { object: 'net.bpf.o', program: 'old_name', kernels: '>=5.14', status: 'fail', class: 'core-field-missing', reason: 'renamed in 5.14' },
  { object: 'net.bpf.o', program: 'old_name', status: 'unsupported', reason: 'not for old kernels' },
  { object: 'net.bpf.o', kernels: '<5.10', status: 'unsupported', reason: 'too old' },
  { object: 'other.bpf.o', status: 'fail', reason: 'another object' },
];

const DEBIAN = { distribution: 'debian', arch: 'x86_64' } as const;
const reasonFor = (program: string, version: string) =>
  expectationFor(EXPECTATIONS, OBJECT, program, { ...DEBIAN, version })?.reason ?? null;

describe('the expectation for a program', () => {
  it('the expectation for a program is the first that matches its object, its name and its kernel', () => {
    expect([
      reasonFor('old_name', '6.1.0'),
      reasonFor('old_name', '5.14.0'),
      reasonFor('old_name', '5.13.19'),
      reasonFor('new_name', '5.4.1'),
      reasonFor('new_name', '6.1.0'),
    ]).toEqual(['renamed in 5.14', 'renamed in 5.14', 'not for old kernels', 'too old', null]);
  });

  it('the expectation for a program can apply to one distribution or architecture', () => {
    const only: Expectation[] = [
      { object: 'net.bpf.o', distribution: 'file', kernels: '>=6.1', status: 'fail', reason: 'our own kernels' },
      { object: 'net.bpf.o', distribution: 'debian', arch: 'arm64', status: 'unsupported', reason: 'not on Arm' },
    ];
    const reasonOn = (distribution: string, arch: 'x86_64' | 'arm64', version: string) =>
      expectationFor(only, OBJECT, 'any', { distribution, arch, version })?.reason ?? null;
    expect([
      reasonOn('debian', 'x86_64', '6.1.0'),
      reasonOn('debian', 'arm64', '6.1.0'),
      reasonOn('file', 'arm64', '6.1.0'),
      reasonOn('file', 'x86_64', '5.10.1'),
    ]).toEqual([null, 'not on Arm', 'our own kernels', null]);
    expect(only.map(describeExpectation)).toEqual([
      'every program in net.bpf.o on file >=6.1',
      'every program in net.bpf.o on debian arm64',
    ]);
  });

  it('the expectation for a program can apply to one loader; an object without one has the default loader', () => {
    const only: Expectation[] = [
      { object: 'net.bpf.o', loader: 'libbpf@default', status: 'fail', reason: 'libbpf refuses it' },
      { object: 'net.bpf.o', loader: 'cilium@0.22', program: 'p', status: 'fail', reason: 'cilium/ebpf refuses it' },
    ];
    const kernel = { ...DEBIAN, version: '6.1.0' };
    const reasonWith = (loader?: string) => expectationFor(only, { ...OBJECT, loader }, 'p', kernel)?.reason ?? null;
    expect([reasonWith(), reasonWith('cilium@0.22'), reasonWith('cilium@0.17')]).toEqual([
      'libbpf refuses it',
      'cilium/ebpf refuses it',
      null,
    ]);
    expect(only.map(describeExpectation)).toEqual(['every program in net.bpf.o with libbpf@default', 'p in net.bpf.o with cilium@0.22']);
  });

  it('the expectation for a program compares versions as numbers', () => {
    expect(reasonFor('new_name', '5.9.16')).toBe('too old');
    expect(reasonFor('new_name', '5.10.262')).toBe(null);
  });
});

const program: CellProgram = {
  name: 'old_name',
  status: 'pass',
  stage: null,
  class: null,
  errno: null,
  reason: null,
  expected: null,
  logs: { libbpf: null, verifier: null },
};
const failed: CellProgram = {
  ...program,
  status: 'fail',
  stage: 'verify',
  class: 'core-field-missing',
  errno: 22,
  reason: 'no such field',
};
const [expectFail, expectUnsupported] = EXPECTATIONS;

describe('a verdict in the light of an expectation', () => {
  const outcome = (verdict: CellProgram, expectation: Expectation | null | undefined) => {
    const { status, reason, expected } = applyExpectation(verdict, expectation ?? null);
    return { status, reason, expected };
  };

  it('a verdict without an expectation stays unchanged', () => {
    expect(applyExpectation(failed, null)).toEqual(failed);
  });

  it('a verdict with an expected failure is xfail for the expected class, xpass for a pass, and fail for another class', () => {
    expect(outcome(failed, expectFail)).toEqual({ status: 'xfail', reason: 'no such field', expected: 'renamed in 5.14' });
    expect(outcome(program, expectFail)).toEqual({ status: 'xpass', reason: null, expected: 'renamed in 5.14' });
    expect(outcome({ ...failed, class: 'verifier-rejected' }, expectFail)).toEqual({
      status: 'fail',
      reason: 'no such field (expected to fail with core-field-missing)',
      expected: 'renamed in 5.14',
    });
  });

  it('a verdict with the expectation unsupported is always unsupported', () => {
    const unsupported = { status: 'unsupported', expected: 'not for old kernels' };
    expect(outcome(failed, expectUnsupported)).toEqual({ ...unsupported, reason: 'no such field' });
    expect(outcome(program, expectUnsupported)).toEqual({ ...unsupported, reason: null });
  });
});

it('the reason of an expectation contains its link', () => {
  const expectation: Expectation = { object: 'net.bpf.o', status: 'fail', reason: 'renamed', link: 'https://issues.invalid/7' };
  expect(applyExpectation(failed, expectation)).toMatchObject({ status: 'xfail', expected: 'renamed (https://issues.invalid/7)' });
});

describe('an expectation that expires', () => {
  const until = (expires: string): Expectation => ({ object: 'net.bpf.o', status: 'fail', reason: 'for now', expires });

  it('an expectation with an expiry date applies until the end of that day in UTC, and others never expire', () => {
    const all = [until('2027-03-30'), until('2027-03-31'), ...EXPECTATIONS];
    const sorted = (time: string) => sortByExpiry(all, new Date(time)).expired.map(({ expires }) => expires);
    expect([sorted('2027-03-30T23:59:59Z'), sorted('2027-03-31T23:59:59Z'), sorted('2027-04-01T00:00:00Z')]).toEqual([
      [],
      ['2027-03-30'],
      ['2027-03-30', '2027-03-31'],
    ]);
    expect(sortByExpiry(all, new Date('2027-04-01T00:00:00Z')).active).toEqual(EXPECTATIONS);
  });
});

describe('an expectation that matches nothing', () => {
  it('an unused expectation matches no program, no kernel, or only what an earlier one matches', () => {
    const fail = { status: 'fail', reason: 'r' } as const;
    const all: Expectation[] = [
      { object: 'task_state.bpf.o', program: 'old_name', kernels: '>=5.14', ...fail },
      { object: 'task_state.bpf.o', program: 'old_name', kernels: '>=6.1', ...fail },
      { object: 'task_state.bpf.o', kernels: '<5.4', ...fail },
      { object: 'task_state.bpf.o', program: 'oldname', ...fail },
      { object: 'probes.o', ...fail },
      { object: 'task_state.bpf.o', loader: 'cilium@0.22', ...fail },
      { object: 'probes.bpf.o', ...fail },
    ];
    const unused = unusedExpectations(all, SAMPLE);
    expect(unused.map((one) => `${describeExpectation(one)}: ${whyUnused(one, SAMPLE)}`)).toMatchInlineSnapshot(`
      [
        "old_name in task_state.bpf.o on >=6.1: earlier expectations apply to all of these programs and kernels",
        "every program in task_state.bpf.o on <5.4: no kernel of the matrix is one of these kernels",
        "oldname in task_state.bpf.o: task_state.bpf.o has no program oldname (did you mean old_name?); it has: old_name, new_name, either_name, newer_hook",
        "every program in probes.o: no object has the file name probes.o (did you mean probes.bpf.o?)",
        "every program in task_state.bpf.o with cilium@0.22: task_state.bpf.o is not loaded with cilium@0.22",
      ]
    `);
  });
});

describe("a cell's status", () => {
  const of = (whole: 'pass' | 'fail', ...statuses: CellProgram['status'][]) =>
    cellStatus({ status: whole, programs: statuses.map((status) => ({ ...program, status })) });

  it('the status of a cell is that of the program that needs the most attention', () => {
    expect([
      of('pass', 'pass', 'pass'),
      of('fail', 'pass', 'fail', 'xfail'),
      of('fail', 'pass', 'xfail'),
      of('pass', 'pass', 'xpass'),
    ]).toEqual(['pass', 'fail', 'xfail', 'xpass']);
  });

  it('the status of a cell is fail if every program loads alone but the object does not', () => {
    expect(of('fail', 'pass', 'pass')).toBe('fail');
  });

  it('the status of a cell of an object without programs is that of the whole object', () => {
    expect([of('pass'), of('fail')]).toEqual(['pass', 'fail']);
  });
});

// Tests of the changes to expectations after which all results are as expected.
import { array, assert, constantFrom, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Expectation } from '../../../../harness/plan/expectations/expectation-schema.ts';
import { applyExpectations, sortByExpiry } from '../../../../harness/plan/expectations/expectations.ts';
import { type ExpectationChange, expectationChanges } from '../../../../harness/plan/expectations/update-expectations.ts';
import type { CellResult, Results } from '../../../../harness/results/schema.ts';
import type { FailureClass } from '../../../../harness/base/failures.ts';
import { SAMPLE } from '../../../reports/sample.ts';

const VERSIONS = ['5.10.1', '5.15.2', '6.1.3', '6.12.4', '7.0.5'];
const TODAY = new Date('2026-11-23T12:00:00Z');

/** `.` is a pass, `!` is no verdict, and a letter is a failure of its class. */
const CLASSES: Readonly<Record<string, FailureClass>> = { f: 'core-field-missing', h: 'helper-unknown' };

/** Results of an object `net`: for each program, a string with one character for each kernel. */
function drawn(programs: Readonly<Record<string, string>>, expectations: readonly Expectation[] = []): Results {
  const [kernel] = SAMPLE.kernels;
  const [object] = SAMPLE.objects;
  const [cell] = SAMPLE.cells;
  const [program] = cell?.programs ?? [];
  if (!kernel || !object || !cell || !program) throw new Error('the sample is empty');
  const kernels = VERSIONS.map((version) => ({ ...kernel, id: `k${version}`, version, series: version.split('.').slice(0, 2).join('.') }));
  const net = {
    ...object,
    id: 'net',
    path: 'build/net.bpf.o',
    programs: Object.keys(programs).map((name) => ({ ...object.programs[0], name })),
  };
  const cells = kernels.map((one, at): CellResult => {
    const verdicts = Object.entries(programs).map(([name, drawing]) => {
      const mark = drawing[at] ?? '.';
      if (mark === '!') return { ...program, name, status: 'infra' as const };
      const failure = CLASSES[mark];
      if (failure === undefined) return { ...program, name };
      return { ...program, name, status: 'fail' as const, class: failure, reason: `${name}: ${failure}` };
    });
    const status = verdicts.some((verdict) => verdict.status === 'fail') ? 'fail' : 'pass';
    return applyExpectations({ ...cell, kernel: one.id, object: 'net', status, programs: verdicts }, expectations, net, one);
  });
  const objects = [{ ...net, programs: net.programs.map((one) => ({ ...one, section: '', type: null, insns: 1 })) }];
  return { ...SAMPLE, kernels, objects, cells };
}

function applied(expectations: readonly Expectation[], changes: readonly ExpectationChange[]): Expectation[] {
  const kept = expectations.flatMap((expectation, at): Expectation[] => {
    const own = changes.filter((one) => one.kind !== 'add' && one.at === at);
    if (own.some(({ kind }) => kind === 'remove')) return [];
    return [
      own.reduce((before, change): Expectation => {
        if (change.kind === 'kernels') return { ...before, kernels: change.kernels };
        return change.kind === 'class' ? { ...before, class: change.class } : before;
      }, expectation),
    ];
  });
  return [...kept, ...changes.flatMap((change) => (change.kind === 'add' ? [change.expectation] : []))];
}

const shown = (changes: readonly ExpectationChange[]) =>
  changes.map((change) => {
    if (change.kind !== 'add')
      return `${change.kind} ${change.at}${'kernels' in change ? ` ${change.kernels}` : ''}${'class' in change ? ` ${change.class}` : ''}`;
    const { object, program, kernels, class: failure, reason } = change.expectation;
    return `add ${object} ${program} on ${kernels}: ${failure}, ${reason}`;
  });

const fail = (program: string | null, kernels: string | null, failure: FailureClass | null = null): Expectation => ({
  object: 'net.bpf.o',
  ...(program !== null && { program }),
  ...(kernels !== null && { kernels }),
  status: 'fail',
  ...(failure !== null && { class: failure }),
  reason: 'as it is',
});

const changes = (programs: Readonly<Record<string, string>>, ...expectations: Expectation[]) =>
  shown(expectationChanges(expectations, drawn(programs, expectations), { today: TODAY }));

describe('changes to expectations', () => {
  it('changes to expectations are empty if all results are as expected', () => {
    expect(changes({ a: 'ff...', b: '.....' }, fail('a', '<=5.15', 'core-field-missing'))).toEqual([]);
  });

  it('changes to expectations add failures by class and kernel range', () => {
    expect(changes({ a: 'ff...', b: '...hh', c: 'f.f.f', d: 'hhhhh' })).toMatchInlineSnapshot(`
      [
        "add net.bpf.o a on <=5.15: core-field-missing, a: core-field-missing",
        "add net.bpf.o c on <=5.10: core-field-missing, c: core-field-missing",
        "add net.bpf.o c on >=6.1,<=6.1: core-field-missing, c: core-field-missing",
        "add net.bpf.o c on >=7.0: core-field-missing, c: core-field-missing",
        "add net.bpf.o d on undefined: helper-unknown, d: helper-unknown",
        "add net.bpf.o b on >=6.12: helper-unknown, b: helper-unknown",
      ]
    `);
  });

  it('changes to expectations remove those that pass everywhere and narrow those that pass on some kernels', () => {
    expect([
      changes({ a: '.....' }, fail('a', '<6.1')),
      changes({ a: 'f....' }, fail('a', '<6.1')),
      changes({ a: '...ff' }, fail('a', '>=5.15')),
    ]).toEqual([['remove 0'], ['kernels 0 <=5.10'], ['kernels 0 >=6.12']]);
  });

  it('changes to expectations correct the class, also if it differs only on some kernels', () => {
    expect([
      changes({ a: 'hh...' }, fail('a', '<6.1', 'core-field-missing')),
      changes({ a: 'hf...' }, fail('a', '<6.1', 'core-field-missing')),
    ]).toEqual([['class 0 helper-unknown'], ['kernels 0 >=5.15,<6.1', 'add net.bpf.o a on <=5.10: helper-unknown, a: helper-unknown']]);
  });

  it('changes to expectations keep those without a verdict, unsupported ones and expired ones', () => {
    const unsupported: Expectation = { ...fail('a', '<6.1'), status: 'unsupported' };
    expect([
      changes({ a: '!!...' }, fail('a', '<6.1')),
      changes({ a: 'ff...' }, unsupported),
      changes({ a: '.....' }, { ...fail('a', null), expires: '2026-11-22' }),
      changes({ a: '.....' }, fail('b', null)),
    ]).toEqual([[], [], [], []]);
  });

  it('changes to expectations escape and shorten a reason from a hostile object', () => {
    const results = drawn({ a: 'f....' });
    const cells = results.cells.map((cell) => ({
      ...cell,
      programs: cell.programs.map((program) => ({ ...program, reason: `\u001b[31m${'x'.repeat(1000)}` })),
    }));
    const [change] = expectationChanges([], { ...results, cells }, { today: TODAY });
    expect(change?.kind === 'add' ? change.expectation.reason : '').toMatch(/^\\x1b\[31mx{191}…$/);
  });

  it('changes to expectations name a distribution only if kernels of the same version have different results', () => {
    const own = (results: Results): Results => {
      const [first, second, ...others] = results.kernels;
      if (!first || !second) throw new Error('there are kernels');
      return { ...results, kernels: [first, { ...second, version: first.version, series: first.series, distribution: 'file' }, ...others] };
    };
    const added = (drawing: string) =>
      expectationChanges([], own(drawn({ a: drawing })), { today: TODAY }).map((change) => {
        if (change.kind !== 'add') return change.kind;
        const { distribution, arch, kernels } = change.expectation;
        return { distribution, arch, kernels };
      });
    expect(added('f....')).toEqual([{ distribution: 'debian', arch: undefined, kernels: '<=5.10' }]);
    expect(added('.f...')).toEqual([{ distribution: 'file', arch: undefined, kernels: undefined }]);
    expect(added('ff...')).toEqual([{ distribution: undefined, arch: undefined, kernels: '<=5.10' }]);
    const everywhere = [fail('a', null, 'core-field-missing')];
    expect(shown(expectationChanges(everywhere, own(drawn({ a: '.ffff' })), { today: TODAY }))).toMatchInlineSnapshot(`
      [
        "kernels 0 >=6.1",
        "add net.bpf.o a on undefined: core-field-missing, a: core-field-missing",
      ]
    `);
  });

  it('changes to expectations make every result expected', () => {
    const drawing = array(constantFrom('.', '.', 'f', 'h', '!'), { minLength: 5, maxLength: 5 }).map((marks) => marks.join(''));
    const one = record({
      program: constantFrom('a', 'b', null),
      kernels: constantFrom(null, '<6.1', '>=5.15', '>=5.15,<=6.12', '6.1', '>7.0'),
      failure: constantFrom<(FailureClass | null)[]>('core-field-missing', 'helper-unknown', null),
    });
    assert(
      property(drawing, drawing, array(one, { maxLength: 3 }), (a, b, list) => {
        const expectations = list.map(({ program, kernels, failure }) => fail(program, kernels, failure));
        const updated = applied(expectations, expectationChanges(expectations, drawn({ a, b }), { today: TODAY }));
        const statuses = drawn({ a, b }, sortByExpiry(updated, TODAY).active).cells.flatMap((cell) =>
          cell.programs.map(({ status }) => status),
        );
        expect(statuses.filter((status) => status === 'fail' || status === 'xpass')).toEqual([]);
        expect(shown(expectationChanges(updated, drawn({ a, b }), { today: TODAY }))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

/** The results of one object with several loaders, each with the drawing of program a. */
function withLoaders(drawings: Readonly<Record<string, string>>, expectations: readonly Expectation[] = []): Results {
  const parts = Object.entries(drawings).map(([loader, a]) => {
    const { objects, cells, ...rest } = drawn({ a }, []);
    const [object] = objects;
    if (!object) throw new Error('the sample is empty');
    const own = { ...object, ...(loader !== 'libbpf@default' && { id: `net+${loader}`, loader }) };
    const judged = cells.map((cell) => {
      const kernel = rest.kernels.find(({ id }) => id === cell.kernel);
      if (!kernel) throw new Error('the sample is empty');
      return applyExpectations({ ...cell, object: own.id }, expectations, own, kernel);
    });
    return { ...rest, objects: [own], cells: judged };
  });
  const [first] = parts;
  if (!first) throw new Error('there is no loader');
  return { ...first, objects: parts.flatMap(({ objects }) => objects), cells: parts.flatMap(({ cells }) => cells) };
}

describe('changes to expectations of several loaders', () => {
  const added = (results: Results, ...expectations: Expectation[]) =>
    expectationChanges(expectations, results, { today: TODAY }).map((change) =>
      change.kind === 'add'
        ? `add ${change.expectation.loader ?? 'all loaders'} on ${change.expectation.kernels ?? 'all kernels'}: ${change.expectation.class}`
        : `${change.kind} ${change.at}`,
    );

  it('one expectation is added for all loaders if they fail alike', () => {
    expect(added(withLoaders({ 'libbpf@default': 'ff...', 'cilium@0.22': 'ff...' }))).toEqual([
      'add all loaders on <=5.15: core-field-missing',
    ]);
  });

  it('an expectation is added for each loader that fails if another passes or fails on other kernels', () => {
    const results = withLoaders({ 'libbpf@default': 'ff...', 'cilium@0.22': 'f....', 'aya@0.14': '.....' });
    expect(added(results)).toEqual(['add libbpf@default on <=5.15: core-field-missing', 'add cilium@0.22 on <=5.10: core-field-missing']);
  });

  it('after the changes all results of all loaders are as expected', () => {
    const drawings = { 'libbpf@default': 'ff...', 'cilium@0.22': 'hhhhh', 'aya@0.14': '.....' };
    const before = [fail('a', '<=6.1')];
    const after = applied(before, expectationChanges(before, withLoaders(drawings, before), { today: TODAY }));
    expect(expectationChanges(after, withLoaders(drawings, after), { today: TODAY })).toEqual([]);
  });
});

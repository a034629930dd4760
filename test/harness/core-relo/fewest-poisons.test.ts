// The choice of one candidate for all relocations of a type in a function, as cilium/ebpf makes it.
import { expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { type RelocationKind, RELOCATION_KINDS } from '../../../harness/base/vocabulary.ts';
import { LOADERS } from '../../../harness/core-relo/loader.ts';
import type { PredictedLog } from '../../../harness/core-relo/log.ts';
import { type NumberedRelo, resolveRelo } from '../../../harness/core-relo/resolve.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { type Draft, type Drafts, enumeration, integer, struct, typedef, union, writeTypes } from './written-types.ts';

const INT = integer('int', 4, { encoding: 1 });
const withInt = (types: Drafts): Drafts => ({ int: INT, ...types });
/** A struct with integers at these bytes. */
const at = (name: string, members: Readonly<Record<string, number>>): Draft =>
  struct(name, ...Object.entries(members).map(([member, from]) => [member, 'int', 8 * from] as const));

type Relo = readonly [kind: RelocationKind | 'unknown', type: string, access: string];

/** The results of all relocations of one function, and the warnings. Types are named by their labels. */
function results(local: Drafts, target: Drafts, relos: readonly Relo[], isAlone = false): string[] {
  const log: PredictedLog = [];
  const numbered = relos.map(([kind, type, access], index): NumberedRelo => {
    const record = {
      insnOffset: 8 * index,
      typeId: Object.keys(local).indexOf(type) + 1,
      access,
      kind: RELOCATION_KINDS.findIndex((each) => each === kind),
    };
    return { record: { ...record, kind: kind === 'unknown' ? 99 : record.kind }, index, program: 'p' };
  });
  const context = {
    local: mustReadBtf(buildBtf(writeTypes(local))),
    kernel: { vmlinux: indexNames(mustReadBtf(buildBtf(writeTypes(target)))), modules: [] },
    log,
    candidates: new Map(),
    loader: LOADERS.cilium,
    ...(isAlone ? {} : { siblings: () => numbered }),
  };
  const found = numbered.map((relo) => {
    const resolution = resolveRelo(relo, context);
    if (typeof resolution === 'number') return `error ${resolution}`;
    return resolution.poison ? 'poisoned' : String(resolution.target);
  });
  return [...found, ...log.filter(({ level }) => level === 'warn').map(({ text }) => text.trimEnd())];
}

const LOCAL = withInt({ S: at('S', { a: 0, b: 4, c: 8 }) });
const offsets = (...members: number[]): Relo[] => members.map((index) => ['byte_off', 'S', `0:${index}`]);
const [A, B, C] = [0, 1, 2];

it('the candidate that has the most fields is chosen for all relocations of the type', () => {
  const target = withInt({ one: at('S', { a: 20 }), two: at('S', { b: 40, a: 44 }), three: at('S', { c: 60 }) });
  expect(results(LOCAL, target, offsets(A, B, C))).toEqual(['44', '40', 'poisoned']);
});

it('without the other relocations of the function, each relocation counts alone', () => {
  const target = withInt({ one: at('S', { a: 20 }), two: at('S', { b: 40 }) });
  expect(results(LOCAL, target, offsets(A, B), true)).toEqual(['20', '40']);
});

it('candidates that all lack every field poison the relocations', () => {
  const target = withInt({ one: at('S', { x: 0 }), two: at('S', { y: 0 }) });
  expect(results(LOCAL, target, offsets(A, B))).toEqual(['poisoned', 'poisoned']);
});

it('two equal candidates are as good as one', () => {
  const target = withInt({ one: at('S', { a: 4, b: 8 }), two: at('S', { a: 4, b: 8, more: 12 }) });
  expect(results(LOCAL, target, offsets(A, B))).toEqual(['4', '8']);
});

it('two best candidates with different results are an error, also if only one of them lacks a field', () => {
  const warning = (index: number, values: string) => `libbpf: prog 'p': relo #${index}: relocation decision ambiguity: ${values}`;
  const differing = withInt({ one: at('S', { a: 4, b: 8 }), two: at('S', { a: 4, b: 12 }) });
  const lacking = withInt({ one: at('S', { a: 0 }), two: at('S', { b: 0 }) });
  const better = withInt({ one: at('S', { a: 0 }), two: at('S', { b: 0 }), three: at('S', { a: 4, b: 8 }) });
  expect([results(LOCAL, differing, offsets(A, B)), results(LOCAL, lacking, offsets(A, B)), results(LOCAL, better, offsets(A, B))]).toEqual(
    [
      ['error 22', 'error 22', warning(0, 'success 12 != success 8'), warning(1, 'success 12 != success 8')],
      ['error 22', 'error 22', warning(0, 'failure 0 != success 0'), warning(1, 'failure 0 != success 0')],
      ['error 22', 'error 22', warning(0, 'failure 0 != success 0'), warning(1, 'failure 0 != success 0')],
    ],
  );
});

it('a worse candidate after the best one changes nothing', () => {
  const target = withInt({ one: at('S', { a: 4, b: 8 }), two: at('S', { a: 12 }) });
  expect(results(LOCAL, target, offsets(A, B))).toEqual(['4', '8']);
});

it('a question that is answered with no counts as a lack', () => {
  const target = withInt({ one: at('S', { a: 4, b: 8 }), two: at('S', { a: 12, b: 16, c: 20 }) });
  expect(results(LOCAL, target, [...offsets(A), ['field_exists', 'S', '0:2']])).toEqual(['12', '1']);
  const enums = (...names: string[][]): Drafts =>
    Object.fromEntries(
      names.map((each, index) => [`e${index}`, enumeration('E', Object.fromEntries(each.map((name, value) => [name, value + index])))]),
    );
  const local: Drafts = { E: enumeration('E', { A: 0, B: 1 }) };
  const asked: Relo[] = [
    ['enumval_value', 'E', '0'],
    ['enumval_exists', 'E', '1'],
  ];
  expect(results(local, enums(['A'], ['A', 'B']), asked)).toEqual(['1', '1']);
  const matching = withInt({ one: at('S', { a: 4 }), two: at('S', { a: 4, b: 8, c: 12 }) });
  expect(results(LOCAL, matching, [['type_matches', 'S', '0'], ...offsets(A)])).toEqual(['1', '4']);
  const existing: Drafts = { int: INT, one: typedef('T', 'int'), in: struct('in'), two: typedef('T', 'in') };
  expect(results({ in: struct('in'), T: typedef('T', 'in') }, existing, [['type_exists', 'T', '0']])).toEqual(['1']);
});

it('an answer with no has the value 0 though it counts as a lack', () => {
  const target = withInt({ one: at('S', { x: 4 }) });
  expect(
    results(LOCAL, target, [
      ['field_exists', 'S', '0:0'],
      ['type_matches', 'S', '0'],
      ['byte_off', 'S', '0:0'],
    ]),
  ).toEqual(['0', '0', 'poisoned']);
});

it('local types get numbers in the order in which relocations of the function first name them', () => {
  const local = withInt({ S: at('S', { a: 0 }), T: at('T', { b: 0 }) });
  const relos: Relo[] = ['T', 'S', 'T', 'S'].map((type) => ['local_type_id', type, '0']);
  expect(results(local, withInt({}), relos)).toEqual(['1', '2', '1', '2']);
});

it('relocations of other types, of the local type and of unknown kinds do not count', () => {
  const target = withInt({ one: at('S', { a: 4 }), two: at('S', { b: 8 }), T: at('T', { b: 0 }) });
  const local = withInt({ S: at('S', { a: 0, b: 4 }), T: at('T', { b: 0 }) });
  expect(results(local, target, [...offsets(A), ['byte_off', 'T', '0:0'], ['byte_off', 'T', '0:0']])).toEqual(['4', '0', '0']);
  const matching = withInt({ one: at('S', { x: 4 }) });
  expect(
    results(local, matching, [
      ['local_type_id', 'S', '0'],
      ['type_matches', 'S', '0'],
    ]),
    // cilium/ebpf gives the kernel only the types that relocations name, and numbers them from 1.
  ).toEqual(['1', '0']);
  // The union is no target for the type, but has its field.
  const named: Drafts = { int: INT, in: at('in', { a: 0 }), T: typedef('T', 'in') };
  const withUnion: Drafts = {
    int: INT,
    in: at('in', { x: 0 }),
    u: union('in', ['a', 'int', 64]),
    one: typedef('T', 'in'),
    two: typedef('T', 'u'),
  };
  expect(
    results(named, withUnion, [
      ['local_type_id', 'T', '0'],
      ['byte_off', 'T', '0:0'],
    ]),
  ).toEqual(['1', '8']);
  expect(results(local, target, [...offsets(A), ['unknown', 'S', '0:1']]).slice(0, 2)).toEqual(['4', 'error 22']);
});

it('a candidate whose types lead too deep ends the load', () => {
  const deep = Object.fromEntries(
    Array.from({ length: 70 }, (_, index): [string, Draft] => [`d${index + 1}`, struct('', ['', `d${index}`, 0])]),
  );
  const target = { d0: INT, ...deep, one: struct('S', ['', 'd70', 0]) };
  expect(results(LOCAL, target, offsets(A))).toEqual(['error 7']);
});

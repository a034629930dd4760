// Compares pairs of whole types that are written by hand: type_exists and type_matches. libbpf's functions must give the same result.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findType } from '../../../harness/bpf/btf/types.ts';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { type Comparison, newComparison, typesAreCompatible, typesMatch } from '../../../harness/core-relo/match-type.ts';
import { RELOCATION_KINDS } from '../../../harness/base/vocabulary.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { askLibbpf, predictAnswer, type Question } from './differential.ts';
import {
  array,
  constant,
  type Draft,
  type Drafts,
  enumeration,
  float,
  forward,
  integer,
  pointer,
  prototype,
  sized,
  struct,
  typedef,
  union,
  wideEnumeration,
  writeTypes,
} from './written-types.ts';

/** 1: the types are compatible or match. 0: they are not or do not. -22: the comparison ends in an error. */
type Results = readonly [compatible: 1 | 0 | -22, matching: 1 | 0 | -22];
type Case = readonly [title: string, local: Drafts, target: Drafts, results: Results];

const INT = integer('int', 4, { encoding: 1 });
const LONG = integer('long', 8, { encoding: 1 });

/** A type with the label `root`, after other types. */
const rooted = (root: Draft, more: Drafts = {}): Drafts => ({ ...more, root });
/** A chain of pointers to an integer. */
function pointers(count: number): Drafts {
  const chain = Array.from({ length: count - 1 }, (_, at): [string, Draft] => [`p${at + 1}`, pointer(`p${at}`)]);
  return rooted(pointer(`p${count - 1}`), { p0: INT, ...Object.fromEntries(chain) });
}
/** A prototype whose parameter is a prototype, and so on. */
function prototypes(count: number): Drafts {
  const chain = Array.from({ length: count - 1 }, (_, at): [string, Draft] => [`p${at + 1}`, prototype('void', `p${at}`)]);
  return rooted(prototype('void', `p${count - 1}`), { p0: prototype('void'), ...Object.fromEntries(chain) });
}
/** A struct that contains a struct, and so on. */
function structs(count: number): Drafts {
  const chain = Array.from({ length: count - 1 }, (_, at): [string, Draft] => [`s${at + 1}`, struct('s', ['m', `s${at}`, 0])]);
  return rooted(struct('s', ['m', `s${count - 1}`, 0]), { s0: INT, ...Object.fromEntries(chain) });
}
const x = struct('x', ['a', 'int', 0]);
const emptyX = struct('x');
const pointerTo = (what: Draft): Drafts => rooted(pointer('what'), { int: INT, what });
const memberOf = (what: Draft, name = 'a'): Drafts => rooted(struct('s', [name, 'what', 0]), { int: INT, what });
const ofInts = (...names: string[]): Drafts =>
  rooted(struct('s', ...names.map((name, at) => [name, 'int', 32 * at] as const)), { int: INT });
const same = (title: string, types: Drafts, results: Results): Case => [title, types, types, results];

const CASES: readonly Case[] = [
  same('the same integer', rooted(INT), [1, 1]),
  ['an integer of another sign', rooted(INT), rooted(integer('int', 4)), [1, 0]],
  ['an integer of another size', rooted(INT), rooted(integer('int', 8, { encoding: 1 })), [1, 0]],
  ['an integer of another name', rooted(INT), rooted(integer('s32', 4, { encoding: 1 })), [1, 0]],
  ['an integer for characters', rooted(INT), rooted(integer('int', 4, { encoding: 3 })), [1, 1]],
  ['an integer, but a struct with its name and size', rooted(integer('int', 4)), rooted(sized('int', 4)), [0, 0]],
  ['an integer within a byte, but a whole one', rooted(integer('int', 4, { encoding: 1, from: 4, bits: 5 })), rooted(INT), [0, 1]],
  ['a whole integer, but one within a byte', rooted(INT), rooted(integer('int', 4, { encoding: 1, from: 4, bits: 5 })), [0, 1]],

  same('void', { root: typedef('v', 'void') }, [1, 1]),
  ['void, but an integer', { root: typedef('v', 'void') }, rooted(INT), [0, 0]],
  ['void, but a pointer', { root: typedef('v', 'void') }, pointerTo(INT), [0, 0]],
  ['an integer, but void', rooted(INT), { root: typedef('v', 'void') }, [0, 0]],
  same('a pointer to void', rooted(pointer('void')), [1, 1]),
  ['a pointer to void, but to a pointer', rooted(pointer('void')), rooted(pointer('p'), { p: pointer('void') }), [0, 0]],
  ['a pointer to another integer', pointerTo(INT), pointerTo(LONG), [1, 0]],
  ['a pointer to a constant', pointerTo(INT), rooted(pointer('fixed'), { int: INT, fixed: constant('int') }), [1, 1]],
  ['a pointer, but an array', pointerTo(INT), rooted(array('int', 1), { int: INT }), [0, 0]],
  same('as many pointers as may follow each other', pointers(31), [1, 1]),
  same('one pointer more than may follow each other', pointers(32), [-22, -22]),

  same('the same array', rooted(array('int', 3), { int: INT }), [1, 1]),
  ['a longer array', rooted(array('int', 3), { int: INT }), rooted(array('int', 4), { int: INT }), [1, 0]],
  ['an array of other elements', rooted(array('int', 3), { int: INT }), rooted(array('int', 3), { int: LONG }), [1, 0]],
  ['an array of structs', rooted(array('int', 3), { int: INT }), rooted(array('int', 3), { int: emptyX }), [0, 0]],
  ['an array, but a pointer', rooted(array('int', 3), { int: INT }), pointerTo(INT), [0, 0]],

  same('the same struct', ofInts('a', 'b'), [1, 1]),
  ['a struct with members in another order', ofInts('a', 'b'), ofInts('b', 'a'), [1, 1]],
  ['a struct with more members', ofInts('b'), ofInts('a', 'b'), [1, 1]],
  ['a struct with fewer members', ofInts('a', 'b'), ofInts('a'), [1, 0]],
  ['a struct with fewer members, though each is found', ofInts('a', 'a'), ofInts('a'), [1, 0]],
  ['a struct with another member', ofInts('a', 'b'), ofInts('a', 'c'), [1, 0]],
  ['a struct whose last member differs', ofInts('a', 'b'), ofInts('c', 'b'), [1, 0]],
  ['a struct with a member of another type', memberOf(INT), memberOf(LONG), [1, 0]],
  ['a struct with a flavored member', ofInts('a___old'), ofInts('a'), [1, 1]],
  ['a struct with a named member, but one without a name', memberOf(x), memberOf(x, ''), [1, 0]],
  ['a struct with a member without a name, but a named one', memberOf(x, ''), memberOf(x), [1, 0]],
  [
    'a struct in which the second member without a name matches',
    memberOf(struct('', ['a', 'int', 0]), ''),
    rooted(struct('s', ['', 'one', 0], ['', 'two', 32]), {
      int: INT,
      one: struct('', ['b', 'int', 0]),
      two: struct('', ['a', 'int', 0]),
    }),
    [1, 1],
  ],
  ['a struct of another name', rooted(x, { int: INT }), rooted(struct('y', ['a', 'int', 0]), { int: INT }), [1, 0]],
  ['a struct of another flavor', rooted(struct('x___1')), rooted(struct('x___2')), [1, 1]],
  ['a struct without a name, but a named one', rooted(struct('')), rooted(emptyX), [1, 0]],
  ['a named struct, but one without a name', rooted(emptyX), rooted(struct('')), [1, 0]],
  same('a struct without a name', rooted(struct('')), [1, 1]),
  ['a struct, but a union', rooted(emptyX), rooted(union('x')), [0, 0]],
  same('the same union', rooted(union('x', ['a', 'int', 0]), { int: INT }), [1, 1]),
  [
    'a union with another member',
    rooted(union('x', ['a', 'int', 0]), { int: INT }),
    rooted(union('x', ['b', 'int', 0]), { int: INT }),
    [1, 0],
  ],
  same('structs in each other, as deep as they may be', structs(31), [1, 1]),
  same('structs in each other, one deeper', structs(32), [1, -22]),

  ['a pointer to a struct with other members', pointerTo(x), pointerTo(struct('x', ['b', 'int', 0])), [1, 1]],
  ['a pointer to a union with other members', pointerTo(union('x', ['a', 'int', 0])), pointerTo(union('x')), [1, 1]],
  ['a pointer to a struct, but to a union', pointerTo(emptyX), pointerTo(union('x')), [0, 0]],
  ['a pointer to a union, but to a struct', pointerTo(union('x')), pointerTo(emptyX), [0, 0]],
  ['a pointer to a struct of another name', pointerTo(emptyX), pointerTo(struct('y')), [1, 0]],
  ['a pointer to a struct, but to an enum of its name', pointerTo(emptyX), pointerTo(enumeration('x', { A: 1 })), [0, 0]],
  ['a pointer to a struct that is only declared', pointerTo(x), pointerTo(forward('x')), [0, 1]],
  ['a pointer to a struct, but a union is declared', pointerTo(x), pointerTo(forward('x', 'union')), [0, 0]],
  ['a pointer to a union that is only declared', pointerTo(union('x')), pointerTo(forward('x', 'union')), [0, 1]],
  ['a pointer to a union, but a struct is declared', pointerTo(union('x')), pointerTo(forward('x')), [0, 0]],
  ['a struct that is only declared', rooted(emptyX), rooted(forward('x')), [0, 0]],

  same('the same declaration of a struct', rooted(forward('x')), [1, 1]),
  same('the same declaration of a union', rooted(forward('x', 'union')), [1, 1]),
  ['a declaration of a struct, but of a union', rooted(forward('x')), rooted(forward('x', 'union')), [1, 0]],
  ['a declaration of a union, but of a struct', rooted(forward('x', 'union')), rooted(forward('x')), [1, 0]],
  ['a declaration, but the struct itself', rooted(forward('x')), rooted(emptyX), [0, 0]],
  same('a pointer to a declaration of a struct', pointerTo(forward('x')), [1, 1]),
  ['a pointer to a declaration of a struct, but of a union', pointerTo(forward('x')), pointerTo(forward('x', 'union')), [1, 0]],
  ['a pointer to a declaration of a struct, and it is there', pointerTo(forward('x')), pointerTo(x), [0, 1]],
  ['a pointer to a declaration of a struct, but a union is there', pointerTo(forward('x')), pointerTo(union('x')), [0, 0]],
  ['a pointer to a declaration of a union, and it is there', pointerTo(forward('x', 'union')), pointerTo(union('x')), [0, 1]],
  ['a pointer to a declaration of a union, but a struct is there', pointerTo(forward('x', 'union')), pointerTo(x), [0, 0]],
  ['a pointer to a declaration, but an enum is there', pointerTo(forward('x')), pointerTo(enumeration('x', { A: 1 })), [0, 0]],

  same('the same enum', rooted(enumeration('e', { A: 1, B: 2 })), [1, 1]),
  [
    'an enum with other values and more names',
    rooted(enumeration('e', { A: 1, B: 2 })),
    rooted(enumeration('e', { C: 1, B: 7, A: 9 })),
    [1, 1],
  ],
  ['an enum with fewer names', rooted(enumeration('e', { A: 1, B: 2 })), rooted(enumeration('e', { A: 1 })), [1, 0]],
  [
    'an enum with fewer names, though each is found',
    rooted(enumeration('e', { A___1: 1, A___2: 2 })),
    rooted(enumeration('e', { A: 1 })),
    [1, 0],
  ],
  ['an enum with another name', rooted(enumeration('e', { A: 1, B: 2 })), rooted(enumeration('e', { A: 1, C: 2 })), [1, 0]],
  ['an enum with flavored names', rooted(enumeration('e', { A___x: 1 })), rooted(enumeration('e', { A___y: 1 })), [1, 1]],
  ['an enum of another size', rooted(enumeration('e', { A: 1 })), rooted(enumeration('e', { A: 1 }, { size: 1 })), [1, 0]],
  ['an enum with 64-bit values', rooted(enumeration('e', { A: 1 }, { size: 8 })), rooted(wideEnumeration('e', { A: 1n })), [1, 1]],
  ['an enum of another size with 64-bit values', rooted(enumeration('e', { A: 1 })), rooted(wideEnumeration('e', { A: 1n })), [1, 0]],
  same('the same enum with 64-bit values', rooted(wideEnumeration('e', { A: 1n, B: 2n })), [1, 1]),
  ['an enum, but an integer with its name', rooted(enumeration('e', { A: 1 })), rooted(integer('e', 4)), [0, 0]],
  ['an enum of another name', rooted(enumeration('e', { A: 1 })), rooted(enumeration('f', { A: 1 })), [1, 0]],

  same('the same prototype', rooted(prototype('int', 'int', 'void'), { int: INT }), [1, 1]),
  same('a prototype without parameters and result', rooted(prototype('void')), [1, 1]),
  [
    'a prototype with more parameters',
    rooted(prototype('void', 'int'), { int: INT }),
    rooted(prototype('void', 'int', 'int'), { int: INT }),
    [0, 0],
  ],
  ['a prototype with fewer parameters', rooted(prototype('void', 'int'), { int: INT }), rooted(prototype('void'), { int: INT }), [0, 0]],
  [
    'a prototype with another integer as last parameter',
    rooted(prototype('void', 'int', 'int'), { int: INT, long: LONG }),
    rooted(prototype('void', 'int', 'long'), { int: INT, long: LONG }),
    [1, 0],
  ],
  [
    'a prototype with a struct as last parameter',
    rooted(prototype('void', 'int', 'int'), { int: INT, x: emptyX }),
    rooted(prototype('void', 'int', 'x'), { int: INT, x: emptyX }),
    [0, 0],
  ],
  [
    'a prototype with a struct as first parameter',
    rooted(prototype('void', 'int', 'int'), { int: INT, x: emptyX }),
    rooted(prototype('void', 'x', 'int'), { int: INT, x: emptyX }),
    [0, 0],
  ],
  [
    'a prototype with a constant parameter',
    rooted(prototype('void', 'int'), { int: INT }),
    rooted(prototype('void', 'fixed'), { int: INT, fixed: constant('int') }),
    [1, 1],
  ],
  ['a prototype with another integer as result', rooted(prototype('int'), { int: INT }), rooted(prototype('int'), { int: LONG }), [1, 0]],
  ['a prototype with a result, but without', rooted(prototype('int'), { int: INT }), rooted(prototype('void')), [0, 0]],
  [
    'a prototype with a constant result',
    rooted(prototype('int'), { int: INT }),
    rooted(prototype('fixed'), { int: INT, fixed: constant('int') }),
    [1, 1],
  ],
  ['a prototype, but a pointer', rooted(prototype('void')), rooted(pointer('void')), [0, 0]],
  ['a pointer, but a prototype', rooted(pointer('void')), rooted(prototype('void')), [0, 0]],
  [
    'a prototype with a struct as parameter that has other members',
    rooted(prototype('void', 'x'), { int: INT, x }),
    rooted(prototype('void', 'x'), { x: emptyX }),
    [1, 0],
  ],
  [
    'a pointer to a prototype with a struct as parameter that has other members',
    rooted(pointer('call'), { int: INT, x, call: prototype('void', 'x') }),
    rooted(pointer('call'), { x: emptyX, call: prototype('void', 'x') }),
    [1, 1],
  ],
  same('prototypes in each other, as deep as they may be', prototypes(31), [1, 1]),
  same('prototypes in each other, deeper than type_matches may go', prototypes(32), [1, -22]),
  same('prototypes in each other, deeper than both may go', prototypes(33), [-22, -22]),
  same(
    'a prototype with too many pointers before a parameter',
    rooted(prototype('void', 'chain'), { ...pointers(32), chain: pointer('p31') }),
    [-22, -22],
  ),

  same('a number with a decimal point', rooted(float('float')), [0, 0]),
  ['a number with a decimal point, but an integer', rooted(float('float')), rooted(integer('float', 4)), [0, 0]],
];

const typesOf = (drafts: Drafts) => buildBtf(writeTypes({ ...drafts, S: typedef('S', 'root') }));

let folder = '';
const questions: Question[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'compared-types-'));
  for (const [at, [name, local, target]] of CASES.entries()) {
    const paths = [join(folder, `${at}.local`), join(folder, `${at}.target`)] as const;
    await writeFile(paths[0], typesOf(local));
    await writeFile(paths[1], typesOf(target));
    const btf = mustReadBtf(typesOf(local));
    const type = findType(btf, 'typedef', 'S') ?? 0;
    for (const kind of ['type_exists', 'type_matches'] as const) {
      // Sets a register to 1.
      const request = {
        kind: RELOCATION_KINDS.indexOf(kind),
        type,
        access: '0',
        bytes: Buffer.from('b700000001000000'.padEnd(32, '0'), 'hex'),
      };
      questions.push({ name, local: btf, target: indexNames(mustReadBtf(typesOf(target))), paths, requests: [request] });
    }
  }
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

let answers: Promise<string[][]> | null = null;

it.each(CASES.map(([title, , , results]) => [title, results] as const))(
  'two types are compared like libbpf does: %s',
  async (title, results) => {
    answers ??= askLibbpf(questions);
    const said = await answers;
    const own = questions.flatMap((question, at) => (question.name === title ? [{ question, said: said[at] }] : []));
    expect(own.map(({ question }) => predictAnswer(question))).toEqual(own.map((each) => each.said));
    const compared = own.map(({ question: { local, target } }, at) => {
      const compare = at === 0 ? typesAreCompatible : typesMatch;
      const ids = [findType(local, 'typedef', 'S') ?? 0, findType(target.btf, 'typedef', 'S') ?? 0] as const;
      return compare({ btf: local, id: ids[0] }, { btf: target.btf, id: ids[1] }, newComparison([]));
    });
    expect(compared).toEqual(results);
  },
);

/** The smallest number of steps with which a comparison of a type with itself ends. */
function stepsOf(compare: typeof typesMatch, types: Drafts): number {
  const btf = mustReadBtf(typesOf(types));
  const type = { btf, id: findType(btf, 'typedef', 'S') ?? 0 };
  const ends = ({ left }: Pick<Comparison, 'left'>) => compare(type, type, { left, log: [] }) === 1;
  return Array.from({ length: 20 }, (_, left) => left).findIndex((left) => ends({ left }));
}

it('each pointer, parameter and member is a step, and a comparison that needs more steps than are left ends in an error', () => {
  const members = rooted(struct('s', ['a', 'int', 0], ['b', 'int', 32]), { int: INT });
  const call = rooted(prototype('int', 'int', 'int'), { int: INT });
  const btf = mustReadBtf(typesOf(members));
  const type = { btf, id: findType(btf, 'typedef', 'S') ?? 0 };
  const other = {
    btf: mustReadBtf(
      buildBtf(
        writeTypes({ int: INT, long: LONG, one: struct('s', ['c', 'int', 0]), two: struct('s', ['a', 'int', 0], ['b', 'int', 32]) }),
      ),
    ),
  };
  expect({
    compatible: [pointers(3), call].map((types) => stepsOf(typesAreCompatible, types)),
    // To find the second member, the first one is looked at again.
    matching: [pointers(3), call, members].map((types) => stepsOf(typesMatch, types)),
    without: [typesAreCompatible, typesMatch].map((compare) => compare(type, type, { left: 0, log: [] })),
    inMembers: [1, 2, 3, 4, 5].map((left) => typesMatch(type, type, { left, log: [] })),
    searched: [2, 3].map((left) => typesMatch({ ...other, id: 3 }, { ...other, id: 4 }, { left, log: [] })),
  }).toEqual({ compatible: [4, 4], matching: [4, 4, 6], without: [-22, -22], inMembers: [-22, -22, -22, -22, -22], searched: [-22, 0] });
});

it('types whose kind no relocation concerns are not compatible, and a warning names both', () => {
  const btf = mustReadBtf(typesOf({ more: INT, root: float('float') }));
  const warned = [typesAreCompatible, typesMatch].map((compare) => {
    const comparison = newComparison([]);
    return [compare({ btf, id: 3 }, { btf, id: 2 }, comparison), comparison.log];
  });
  const log = [{ level: 'warn', text: 'libbpf: unexpected kind float relocated, local [2], target [2]\n' }];
  expect(warned).toEqual([
    [0, log],
    [0, log],
  ]);
});

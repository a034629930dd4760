// Relocates hand-written types and instructions, each case like libbpf's functions.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { type RelocationKind, RELOCATION_KINDS } from '../../../harness/base/vocabulary.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { askLibbpf, predictAnswer, type Question } from './differential.ts';
import {
  array,
  type Draft,
  type Drafts,
  enumeration,
  forward,
  integer,
  pointer,
  prototype,
  sized,
  struct,
  typedef,
  wideEnumeration,
  writeTypes,
} from './written-types.ts';

const INT = integer('int', 4, { encoding: 1 });
const U32 = integer('u32', 4);
const U64 = integer('u64', 8);
const LONG = integer('long', 8, { encoding: 1 });

/** An instruction: its opcode, and its other fields as far as they are not 0. */
interface Insn {
  code: number;
  dst?: number;
  src?: number;
  off?: number;
  imm?: number;
}
function bytesOf(...insns: readonly Insn[]): Buffer {
  const bytes = Buffer.alloc(16);
  for (const [at, { code, dst = 0, src = 0, off = 0, imm = 0 }] of insns.entries()) {
    bytes[8 * at] = code;
    bytes[8 * at + 1] = (src << 4) | dst;
    bytes.writeInt16LE(off, 8 * at + 2);
    bytes.writeInt32LE(imm, 8 * at + 4);
  }
  return bytes;
}
const MOV = 0xb7;
const LOAD_32 = 0x61;

/** Relocations of the type with the label `S`. A number stands for the instruction that sets a register to it. */
type Relo = readonly [kind: RelocationKind, access: string, compiled: number | readonly Insn[]];
/** The answer to the last relocation: a value in an instruction, the patched instruction, `poisoned`, or the error. */
type Case = readonly [title: string, local: Drafts, target: Drafts, relos: readonly Relo[], answer: string];

const withS = (S: Draft, more: Drafts = {}): Drafts => ({ int: INT, u32: U32, u64: U64, long: LONG, ...more, S });
const one = (type: string, more: Drafts = {}) => withS(struct('S', ['a', type, 32]), more);
const sameTypes = (title: string, types: Drafts, relos: readonly Relo[], answer: string): Case => [title, types, types, relos, answer];
const exists: readonly Relo[] = [['field_exists', '0:0', 1]];
const load: readonly Relo[] = [['byte_off', '0:0', [{ code: LOAD_32, dst: 1, src: 2, off: 4 }]]];
const LOADED = { code: LOAD_32, dst: 1, src: 2, off: 4 };

const FIELDS: readonly Case[] = [
  sameTypes('a declared struct', one('x', { x: forward('x') }), exists, '1'),
  ['a declared struct of another name', one('x', { x: forward('x') }), one('x', { x: forward('y') }), exists, '0'],
  ['an enum without a name', one('e', { e: enumeration('', { A: 1 }) }), one('e', { e: enumeration('named', { A: 1 }) }), exists, '1'],
  ['a named enum', one('e', { e: enumeration('named', { A: 1 }) }), one('e', { e: enumeration('', { A: 1 }) }), exists, '1'],
  ['an enum of another name', one('e', { e: enumeration('one', { A: 1 }) }), one('e', { e: enumeration('two', { A: 1 }) }), exists, '0'],
  sameTypes('a field without a type', one('void'), exists, '0'),
  sameTypes('a field that is a prototype', one('p', { p: prototype('void') }), exists, '0'),
  ['an integer within a byte', one('odd', { odd: integer('odd', 4, { from: 4, bits: 5 }) }), one('u32'), exists, '0'],
  sameTypes('the size of a field without a size', one('void'), [['byte_sz', '0:0', 0]], 'error -22'),
  sameTypes('a path through an integer', one('int'), [['byte_off', '0:0:0', 0]], 'error -22'),
  sameTypes('the size of an element', one('int'), [['byte_sz', '0', 16]], '16'),
  sameTypes('the sign of an element', one('int'), [['signed', '0', 0]], 'error -22'),
  sameTypes(
    'a flexible array in a struct that is not the last member',
    withS(struct('S', ['in', 'inner', 0], ['b', 'int', 64]), {
      data: array('int', 0),
      inner: sized('inner', 4, ['n', 'int', 0], ['data', 'data', 32]),
    }),
    [['byte_off', '0:0:1:2', 12]],
    '12',
  ),
  [
    'an element of an array that is as deep as a path may be',
    withS(struct('S', ['a', 'list', 0]), { list: array('int', 4) }),
    withS(struct('S', ['', 'n61', 0]), {
      list: array('int', 4),
      n1: struct('', ['a', 'list', 0]),
      ...Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`n${at + 2}`, struct('', ['', `n${at + 1}`, 0])])),
    }),
    [['byte_off', '0:0:1', 4]],
    '4',
  ],
  [
    'an element of an array that is one deeper',
    withS(struct('S', ['a', 'list', 0]), { list: array('int', 4) }),
    withS(struct('S', ['', 'n62', 0]), {
      list: array('int', 4),
      n1: struct('', ['a', 'list', 0]),
      ...Object.fromEntries(Array.from({ length: 61 }, (_, at) => [`n${at + 2}`, struct('', ['', `n${at + 1}`, 0])])),
    }),
    [['byte_off', '0:0:1', 4]],
    'error -7',
  ],
  sameTypes('the sign of a signed enum', one('e', { e: enumeration('e', { A: -1 }, { signed: true }) }), [['signed', '0:0', 1]], '1'),
  sameTypes('the sign of an unsigned enum', one('e', { e: enumeration('e', { A: 1 }) }), [['signed', '0:0', 0]], '0'),
  sameTypes(
    'the left shift of a field of 16 bytes',
    one('x', { x: sized('x', 16) }),
    [['lshift_u64', '0:0', [{ code: 0x18, imm: -64 }, { code: 0 }]]],
    '18 00 0000 c0ffffff',
  ),
  sameTypes(
    'the right shift of a field of 16 bytes',
    one('x', { x: sized('x', 16) }),
    [['rshift_u64', '0:0', [{ code: 0x18, imm: -64 }, { code: 0 }]]],
    '18 00 0000 c0ffffff',
  ),
  sameTypes('the size of a type without a size', withS(typedef('S', 'void')), [['type_size', '0', 0]], 'error -22'),
  sameTypes(
    'an unsigned enumerator with its highest bit set',
    withS(enumeration('S', { A: 0xffffffff })),
    [['enumval_value', '0', -1]],
    '18446744073709551615',
  ),
  sameTypes('an enumerator of a 64-bit enum', withS(wideEnumeration('S', { A: 1n, B: 0xffffffffn })), [['enumval_exists', '1', 1]], '1'),
  [
    'an enumerator that the last one of the target is',
    withS(enumeration('S', { A: 1 })),
    withS(enumeration('S', { B: 1, A: 7 })),
    [['enumval_value', '0', 1]],
    '7',
  ],
];

const wide = (type: string, width: Drafts = {}) => one(type, width);
/** The source and the target of a load of 32 bits, and whether its width is adapted. */
const WIDTHS: readonly Case[] = [
  ['an unsigned integer that is wider', wide('u32'), wide('u64'), load, '79 21 0400 00000000'],
  ['a signed integer that is wider', wide('int'), wide('long'), load, 'poisoned'],
  ['an unsigned integer that is signed and wider', wide('u32'), wide('long'), load, 'poisoned'],
  ['a signed integer that is unsigned and wider', wide('int'), wide('u64'), load, 'poisoned'],
  ['a signed integer that is as wide', wide('int'), wide('u32'), load, '61 21 0400 00000000'],
  [
    'an enum that is wider',
    one('e', { e: enumeration('e', { A: 1 }) }),
    one('e', { e: wideEnumeration('e', { A: 1n }) }),
    load,
    'poisoned',
  ],
  [
    'a pointer to 4 bytes, which are a pointer',
    withS(typedef('S', 'u32')),
    withS(typedef('S', 'p'), { p: pointer('void') }),
    [['byte_off', '0', [{ code: LOAD_32 }]]],
    'poisoned',
  ],
  [
    'a pointer, which is an integer of 4 bytes',
    withS(typedef('S', 'p'), { p: pointer('void') }),
    withS(typedef('S', 'u32')),
    [['byte_off', '0', [{ code: 0x79 }]]],
    'poisoned',
  ],
  [
    'an integer, which is an empty struct',
    withS(typedef('S', 'u32')),
    withS(typedef('S', 'x'), { x: sized('x', 8) }),
    [['byte_off', '0', [{ code: LOAD_32 }]]],
    'poisoned',
  ],
  [
    'an empty struct, which is an integer',
    withS(typedef('S', 'x'), { x: sized('x', 8) }),
    withS(typedef('S', 'u32')),
    [['byte_off', '0', [{ code: 0x79 }]]],
    'poisoned',
  ],
  [
    'a pointer on a machine with pointers of four bytes',
    one('p', { p: pointer('void') }),
    { ...one('p', { p: pointer('void') }), long: integer('long', 4, { encoding: 1 }) },
    [['byte_off', '0:0', [{ ...LOADED, code: 0x79 }]]],
    '61 21 0400 00000000',
  ],
  [
    'a field of another size, but the load has neither',
    wide('u32'),
    wide('u64'),
    [['byte_off', '0:0', [{ ...LOADED, code: 0x69 }]]],
    'error -22',
  ],
  ['a field whose new size no load has', one('u32'), one('odd', { odd: integer('u32', 3) }), load, 'error -22'],
  ['a load at another offset than compiled', wide('u32'), wide('u32'), [['byte_off', '0:0', [{ ...LOADED, off: 8 }]]], 'error -22'],
];

const at = (offset: number) => withS(sized('S', 70_000, ['a', 'u32', 8 * offset]));
const INSNS: readonly Case[] = [
  ['a load at the largest offset', at(4), at(0x7fff), load, '61 21 ff7f 00000000'],
  ['a load behind the largest offset', at(4), at(0x8000), load, 'error -34'],
  sameTypes('32-bit arithmetic', at(4), [['byte_off', '0:0', [{ code: 0xb4, dst: 3, imm: 4 }]]], 'b4 03 0000 04000000'),
  sameTypes('arithmetic with a register', at(4), [['byte_off', '0:0', [{ code: 0xbf, dst: 3, imm: 4 }]]], 'error -22'),
  sameTypes('a jump', at(4), [['byte_off', '0:0', [{ code: 0x05, dst: 3, src: 5, off: -2, imm: 9 }]]], 'error -22'),
  sameTypes('a 32-bit jump', at(4), [['byte_off', '0:0', [{ code: 0x06, dst: 10, src: 1, off: 7, imm: -9 }]]], 'error -22'),
  sameTypes('a store', at(4), [['byte_off', '0:0', [{ code: 0x62, dst: 3, off: 4, imm: 9 }]]], '62 03 0400 09000000'),
  sameTypes('a store of a register', at(4), [['byte_off', '0:0', [{ code: 0x63, dst: 3, src: 1, off: 4 }]]], '63 13 0400 00000000'),
  ...(
    [
      ['64-bit load', [{ code: 0x18, dst: 3, imm: 4 }, { code: 0 }], '18 03 0000 04000000'],
      [
        '64-bit load of another value',
        [
          { code: 0x18, imm: 4 },
          { code: 0, imm: 1 },
        ],
        'error -22',
      ],
      ['64-bit load of a map', [{ code: 0x18, src: 1, imm: 4 }, { code: 0 }], 'error -22'],
      ['64-bit load with an offset', [{ code: 0x18, off: 1, imm: 4 }, { code: 0 }], 'error -22'],
      ['64-bit load whose second half has an opcode', [{ code: 0x18, imm: 4 }, { code: MOV }], 'error -22'],
      [
        '64-bit load whose second half has a target',
        [
          { code: 0x18, imm: 4 },
          { code: 0, dst: 1 },
        ],
        'error -22',
      ],
      [
        '64-bit load whose second half has a source',
        [
          { code: 0x18, imm: 4 },
          { code: 0, src: 1 },
        ],
        'error -22',
      ],
      [
        '64-bit load whose second half has an offset',
        [
          { code: 0x18, imm: 4 },
          { code: 0, off: 1 },
        ],
        'error -22',
      ],
      ['load from a packet', [{ code: 0x30, imm: 4 }, { code: 0 }], 'error -22'],
    ] as const
  ).map(([title, insns, answer]): Case => sameTypes(title, at(4), [['byte_off', '0:0', insns]], answer)),
  [
    'a 64-bit load of a missing field',
    at(4),
    withS(sized('S', 8)),
    [['byte_off', '0:0', [{ code: 0x18, imm: 4 }, { code: 0 }]]],
    'poisoned',
  ],
];

const CASES = [...FIELDS, ...WIDTHS, ...INSNS];

/** The answer to the last relocation in the words of the cases. */
function shown(lines: readonly string[]): string {
  const last = lines.at(-1) ?? '';
  if (last.startsWith('! ')) return `error ${last.slice(2)}`;
  const bytes = Buffer.from(last.slice(2), 'hex');
  if (bytes.readInt32LE(4) === 0xbad2310) return 'poisoned';
  const patched = lines.at(-2) ?? '';
  const [, value] = /\(ALU\/ALU64\) imm \d+ -> (\d+)$/.exec(patched) ?? [];
  if (value !== undefined && bytes[0] === MOV) return value;
  return [bytes.subarray(0, 1), bytes.subarray(1, 2), bytes.subarray(2, 4), bytes.subarray(4, 8)]
    .map((part) => part.toString('hex'))
    .join(' ');
}

let folder = '';
const questions: Question[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'written-relocations-'));
  for (const [index, [name, local, target, relos]] of CASES.entries()) {
    const [localBytes, targetBytes] = [local, target].map((types) => buildBtf(writeTypes(types)));
    const paths = [join(folder, `${index}.local`), join(folder, `${index}.target`)] as const;
    if (!localBytes || !targetBytes) throw new Error('a side has no types');
    await writeFile(paths[0], localBytes);
    await writeFile(paths[1], targetBytes);
    const type = Object.keys(local).indexOf('S') + 1;
    const requests = relos.map(([kind, access, compiled]) => ({
      kind: RELOCATION_KINDS.indexOf(kind),
      type,
      access,
      bytes: typeof compiled === 'number' ? bytesOf({ code: MOV, imm: compiled }) : bytesOf(...compiled),
    }));
    questions.push({ name, local: mustReadBtf(localBytes), target: indexNames(mustReadBtf(targetBytes)), paths, requests });
  }
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

let answers: Promise<string[][]> | null = null;

it.each(CASES.map(([title, , , , answer], index) => [title, answer, index] as const))(
  'a relocation is applied like libbpf does: %s',
  async (_, answer, index) => {
    answers ??= askLibbpf(questions);
    const said = (await answers)[index];
    const question = questions[index];
    if (!question) throw new Error('the question is missing');
    const own = predictAnswer(question);
    expect(own).toEqual(said);
    expect(shown(own)).toBe(answer);
  },
);

// Tests of values in configurations as bytes of BTF types, compared with the bytes that clang writes for the same values.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeValue, type Value } from '../../../../harness/bpf/btf/encode.ts';
import { sectionNamed } from '../../../../harness/bpf/elf/elf.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { type ObjectVariable, variablesOf } from '../../../../harness/bpf/object/variables.ts';
import { compileBpf } from '../object/compile.ts';

/** C initialisers, and the same values in the form of a configuration. */
const SAME: readonly (readonly [declaration: string, initialiser: string, value: Value])[] = [
  ['u8 a', '255', 255],
  ['s8 b', '-128', -128],
  ['u16 c', '0xabcd', '0xabcd'],
  ['s32 d', '-2', '-2'],
  ['u64 e', '0xfedcba9876543210', '0xfedcba9876543210'],
  ['s64 f', '-9007199254740993', '-9007199254740993'],
  ['_Bool g', '1', true],
  ['char h[8]', '"ab"', 'ab'],
  ['u32 i[3]', '{7, 8}', [7, 8]],
  ['enum hook j', 'HOOK_OUT', 'HOOK_OUT'],
  ['enum hook k', '-1', -1],
  ['struct both m', '{.count = 5, .inner = {.name = "x", .on = 1}}', { count: 5, inner: { name: 'x', on: true } }],
  ['struct both n[2]', '{{}, {.count = 6}}', [{}, { count: 6 }]],
  ['char o[2][4]', '{"abc", "d"}', ['abc', 'd']],
];

const SOURCE = `
enum hook { HOOK_BEFORE = -1, HOOK_IN, HOOK_OUT = 7 };
struct both { u16 count; struct { char name[3]; _Bool on; } inner; u32 flag : 3; void *next; };
${SAME.map(([declaration, initialiser]) => `const volatile ${declaration} = ${initialiser};`).join('\n')}
int zero; int counter SEC(".data.own") = 3; static volatile int hidden[2] = {0, 9};
int *pointer = 0;
extern int CONFIG_HZ __attribute__((section(".kconfig")));
SEC("raw_tp/x") int p(void *ctx)
{
	return ${SAME.map(([declaration]) => `*(volatile char *)&${/(\w)(?:\[\d\])*$/.exec(declaration)?.[1] ?? ''}`).join(' + ')}
		+ zero + counter + hidden[1] + CONFIG_HZ + (pointer ? *pointer : 0);
}
`;

let folder = '';
const objects: BpfObject[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'encode-test-'));
  for (const target of ['bpfel', 'bpfeb'])
    objects.push(readBpfObject(await readFile(await compileBpf(folder, 'values', SOURCE, target)), target));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

function inFile({ elf }: BpfObject, { section, offset, size }: ObjectVariable): Uint8Array {
  return sectionNamed(elf, section)?.bytes.subarray(offset, offset + (size ?? 0)) ?? new Uint8Array();
}

describe('variables', () => {
  it('variables are found with their sections, offsets and sizes', () => {
    const [object] = objects;
    const found = object ? variablesOf(object) : [];
    const shown = found
      .filter(({ name }) => /^(?:zero|counter|hidden|pointer|a|m)$/.test(name))
      .map(({ name, section, size }) => `${section} ${name}: ${size}`);
    expect(shown.toSorted()).toEqual([
      '.bss pointer: 8',
      '.bss zero: 4',
      '.data hidden: 8',
      '.data.own counter: 4',
      '.rodata a: 1',
      '.rodata m: 16',
    ]);
    const hidden = found.find(({ name }) => name === 'hidden');
    expect(object && hidden && [...inFile(object, hidden)]).toEqual([0, 0, 0, 0, 9, 0, 0, 0]);
  });

  it.each(SAME.map(([declaration, , value]) => [declaration, value] as const))(
    '%s is encoded as clang does, in both byte orders',
    (declaration, value) => {
      const name = /(\w)(?:\[\d\])*$/.exec(declaration)?.[1];
      for (const object of objects) {
        const variable = variablesOf(object).find((each) => each.name === name);
        if (!variable || !object.btf) throw new Error(`no ${name}`);
        const encoded = encodeValue(object.btf, variable.type, value, object.littleEndian);
        expect(encoded).toEqual({ ok: true, bytes: Uint8Array.from(inFile(object, variable)) });
      }
    },
  );

  it('a value that cannot be encoded gives the problem and the expected form', () => {
    const [object] = objects;
    const problemOf = (name: string, value: Value) => {
      const variable = object && variablesOf(object).find((each) => each.name === name);
      if (!variable || !object.btf) throw new Error(`no ${name}`);
      const encoded = encodeValue(object.btf, variable.type, value, object.littleEndian);
      return encoded.ok ? 'encoded' : encoded.problem;
    };
    const cases: [string, Value][] = [
      ['a', 256],
      ['b', -129],
      ['a', true],
      ['a', 1.5],
      ['e', 2 ** 60],
      ['e', 'many'],
      ['e', '0x10000000000000000'],
      ['g', 1],
      ['h', '12345678'],
      ['h', 5],
      ['i', [1, 2, 3, 4]],
      ['i', [1, -1]],
      ['j', 'HOOK_AROUND'],
      ['j', '99999999999'],
      ['m', 5],
      ['m', { size: 1 }],
      ['m', { inner: { name: 'long' } }],
      ['m', { flag: 1 }],
      ['n', [{}, { count: -1 }]],
      ['pointer', 4],
    ];
    expect(cases.map(([name, value]) => `${name}: ${problemOf(name, value)}`)).toMatchInlineSnapshot(`
      [
        "a: 256 does not fit u8 (0 to 255)",
        "b: -129 does not fit s8 (-128 to 127)",
        "a: true is no u8; expected a whole number",
        "a: 1.5 is no u8; expected a whole number",
        "e: 1152921504606847000 is too large to be written as a number; write it as text: "0x..."",
        "e: "many" is no u64; expected a whole number",
        "e: 18446744073709551616 does not fit u64 (0 to 18446744073709551615)",
        "g: 1 is no _Bool; expected true or false",
        "h: "12345678" does not fit char[8]: 8 bytes and the 0 behind them are more than 8",
        "h: 5 is no char[8]; expected text or a list",
        "i: 4 elements do not fit u32[3]",
        "i: [1]: -1 does not fit u32 (0 to 4294967295)",
        "j: "HOOK_AROUND" is not in enum hook; it has: HOOK_BEFORE, HOOK_IN, HOOK_OUT",
        "j: 99999999999 does not fit enum hook (0 to 4294967295)",
        "m: 5 is no struct both; expected its members by name",
        "m: struct both has no member "size"; it has: count, inner, flag, next",
        "m: .inner.name: "long" does not fit char[3]: 4 bytes and the 0 behind them are more than 3",
        "m: struct both.flag is a bitfield, which cannot be set",
        "n: [1].count: -1 does not fit u16 (0 to 65535)",
        "pointer: a value of type int * cannot be set",
      ]
    `);
  });
});

// Relocations of types and instructions that no compiler makes, and with which libbpf would crash, not end, or read beyond the end.
import { expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { parseLocalSpec } from '../../../harness/bpf/core-spec/spec.ts';
import { type RelocationKind, RELOCATION_KINDS } from '../../../harness/base/vocabulary.ts';
import { matchSpec } from '../../../harness/core-relo/match.ts';
import { patchInsn } from '../../../harness/core-relo/patch.ts';
import { type Resolution, resolveRelo } from '../../../harness/core-relo/resolve.ts';
import type { PredictedLog } from '../../../harness/core-relo/log.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { linesOf } from './oracles.ts';
import { array, type Draft, type Drafts, integer, struct, writeTypes } from './written-types.ts';

const INT = integer('int', 4, { encoding: 1 });
const btfOf = (drafts: Drafts) => mustReadBtf(buildBtf(writeTypes(drafts)));

/** The value of a relocation between two BTFs, or the error, with the lines that are printed. */
function resolved(types: Drafts, kind: RelocationKind, typeId: number, { access = '0:0', target = types } = {}) {
  const log: PredictedLog = [];
  const [local, vmlinux] = [btfOf(types), indexNames(btfOf(target))];
  const relo = { record: { insnOffset: 16, typeId, access, kind: RELOCATION_KINDS.indexOf(kind) }, index: 3, program: 'p' };
  const resolution = resolveRelo(relo, { local, kernel: { vmlinux, modules: [] }, log, candidates: new Map() });
  return { result: typeof resolution === 'number' ? `error ${resolution}` : String(resolution.target), lines: linesOf(log) };
}

it('a relocation of a type without a name ends the load, because it has no candidates', () => {
  expect(resolved({ int: INT, S: struct('', ['a', 'int', 0]) }, 'byte_off', 2)).toEqual({
    result: 'error 22',
    lines: ["libbpf: prog 'p': relo #3: target candidate search failed for [2] struct : -22"],
  });
});

it('a relocation of a type that the object lacks ends the load', () => {
  const types = { int: INT, S: struct('S', ['a', 'int', 0]) };
  expect([2, 3, 4].map((id) => resolved(types, 'type_exists', id, { access: '0' }))).toMatchInlineSnapshot(`
    [
      {
        "lines": [
          "libbpf: CO-RE relocating [2] struct S: found target candidate [2] struct S in [vmlinux]",
          "libbpf: prog 'p': relo #3: <type_exists> [2] struct S",
          "libbpf: prog 'p': relo #3: matching candidate #0 <type_exists> [2] struct S",
        ],
        "result": "1",
      },
      {
        "lines": [],
        "result": "error 22",
      },
      {
        "lines": [],
        "result": "error 22",
      },
    ]
  `);
});

/** A field that is an array of arrays, and so on. */
function dimensions(count: number): Drafts {
  const chain = Array.from({ length: count }, (_, at): [string, Draft] => [`a${at + 1}`, array(`a${at}`, 1)]);
  return { a0: INT, ...Object.fromEntries(chain), S: struct('S', ['a', `a${count}`, 0]) };
}

it('an array with very many dimensions is compared, and one with more or without an end is an error', () => {
  const existence = (types: Drafts, id: number) => resolved(types, 'field_exists', id).result;
  expect([
    existence(dimensions(1023), 1025),
    existence(dimensions(1024), 1026),
    existence({ int: INT, a: array('a', 1), S: struct('S', ['a', 'a', 0]) }, 3),
  ]).toEqual(['1', 'error 22', 'error 22']);
});

it('a bitfield of a type of no bytes has no place', () => {
  const types = (size: number): Drafts => ({ int: integer('int', size, { bits: 32 }), S: struct('S', ['a', 'int', 0, 3]) });
  expect([resolved(types(0), 'byte_off', 2), resolved(types(4), 'byte_off', 2).result]).toMatchInlineSnapshot(`
    [
      {
        "lines": [
          "libbpf: CO-RE relocating [2] struct S: found target candidate [2] struct S in [vmlinux]",
          "libbpf: prog 'p': relo #3: <byte_off> [2] struct S.a (0:0 @ offset 0)",
          "libbpf: prog 'p': relo #3: matching candidate #0 <byte_off> [2] struct S.a (0:0 @ offset 0)",
          "libbpf: prog 'p': relo 0 at insn #2 can't be satisfied for bitfield",
        ],
        "result": "error 7",
      },
      "0",
    ]
  `);
});

it('each member is a step, and a search that needs more steps than are left ends in an error', () => {
  const btf = btfOf({ int: INT, in: struct('', ['c', 'int', 0]), S: struct('S', ['a', 'int', 0], ['', 'in', 32], ['b', 'int', 64]) });
  const local = parseLocalSpec(btf, 'byte_off', 3, '0:2');
  if (!local.ok) throw new Error('the path is wrong');
  const matches = [3, 4].map((left) => matchSpec(local.spec, { btf, id: 3 }, { left, log: [] }).match);
  expect(matches).toEqual([-22, 1]);
});

const RESOLUTION: Resolution = {
  poison: false,
  original: 4n,
  target: 8n,
  validate: true,
  originalSize: 0,
  targetSize: 0,
  unfitAccess: null,
};

/** The lines, the result and the instructions after patching one instruction. */
function patched(
  hex: string,
  { insn = 0, littleEndian = true, ...changes }: Partial<Resolution & { insn: number; littleEndian: boolean }> = {},
) {
  const bytes = Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  const log: PredictedLog = [];
  const relo = { record: { insnOffset: 0, typeId: 1, access: '0', kind: 0 }, index: 1, program: 'p' };
  const code = { view: new DataView(bytes.buffer), littleEndian };
  const errno = patchInsn({ code, insn, relo, resolution: { ...RESOLUTION, ...changes }, log });
  return { errno, lines: linesOf(log), bytes: Buffer.from(bytes).toString('hex') };
}

it('a 64-bit load without its second half is not patched, and only its first half is poisoned', () => {
  const exit = '95 00 0000 00000000';
  const half = '18 03 0000 04000000';
  const whole = `${half} 00 00 0000 00000000`;
  expect({
    half: patched(`${exit} ${half}`, { insn: 1 }),
    whole: patched(`${exit} ${whole}`, { insn: 1 }),
    poisonedHalf: patched(`${exit} ${half}`, { insn: 1, poison: true }),
    poisonedWhole: patched(`${exit} ${whole}`, { insn: 1, poison: true }),
  }).toMatchInlineSnapshot(`
    {
      "half": {
        "bytes": "95000000000000001803000004000000",
        "errno": 22,
        "lines": [
          "libbpf: prog 'p': relo #1: insn #1 (LDIMM64) has unexpected form",
        ],
      },
      "poisonedHalf": {
        "bytes": "9500000000000000850000001023ad0b",
        "errno": 0,
        "lines": [
          "libbpf: prog 'p': relo #1: substituting insn #2 w/ invalid insn",
          "libbpf: prog 'p': relo #1: substituting insn #1 w/ invalid insn",
        ],
      },
      "poisonedWhole": {
        "bytes": "9500000000000000850000001023ad0b850000001023ad0b",
        "errno": 0,
        "lines": [
          "libbpf: prog 'p': relo #1: substituting insn #2 w/ invalid insn",
          "libbpf: prog 'p': relo #1: substituting insn #1 w/ invalid insn",
        ],
      },
      "whole": {
        "bytes": "950000000000000018030000080000000000000000000000",
        "errno": 0,
        "lines": [
          "libbpf: prog 'p': relo #1: patched insn #1 (LDIMM64) imm64 4 -> 8",
        ],
      },
    }
  `);
});

it('registers of an instruction that cannot be patched are shown in the byte order of the object', () => {
  const shown = (hex: string, littleEndian: boolean) => patched(hex, { littleEndian }).lines.at(-1);
  expect([shown('05 53 feff 09000000', true), shown('05 35 fffe 00000009', false)]).toMatchInlineSnapshot(`
    [
      "libbpf: prog 'p': relo #1: trying to relocate unrecognized insn #0, code:0x5, src:0x5, dst:0x3, off:0xfffffffe, imm:0x9",
      "libbpf: prog 'p': relo #1: trying to relocate unrecognized insn #0, code:0x5, src:0x5, dst:0x3, off:0xfffffffe, imm:0x9",
    ]
  `);
});

it('a 64-bit load of a big-endian object must not have a source register', () => {
  const load = (registers: string) => patched(`18 ${registers} 0000 00000004 00 00 0000 00000000`, { littleEndian: false });
  expect([load('30'), load('03')].map(({ errno, bytes }) => [errno, bytes])).toEqual([
    [0, '18300000000000080000000000000000'],
    [22, '18030000000000040000000000000000'],
  ]);
});

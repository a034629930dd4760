// Which relocations a load meets, in which order, and what ends it.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import type { CoreRelo } from '../../../harness/bpf/btf/ext.ts';
import { type BpfObject, readBpfObject } from '../../../harness/bpf/object/object.ts';
import type { KernelTypes } from '../../../harness/core-relo/candidates.ts';
import { compiledCode, copyOf } from '../../../harness/core-relo/code.ts';
import { DEFAULT_LOADER, type Loader, LOADERS } from '../../../harness/core-relo/loader.ts';
import { loadPredictor, type OtherSections, predictLoad } from '../../../harness/core-relo/relocate.ts';
import { buildBtf, type WrittenType } from '../bpf/btf/build-btf.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { MACROS } from './conformance/cases.ts';
import { linesOf } from './oracles.ts';

const INT: WrittenType = { name: 'int', kind: 1, size: 4, words: [0x01000020] };
const TASK: WrittenType = { name: 'task', kind: 4, vlen: 2, size: 16, words: ['pid', 1, 32, 'start', 1, 64] };

/** Two programs of one section, one that is loaded only on demand, one without relocations, and a subprogram. */
const SOURCE = `${MACROS}
struct task { int pid; int start; } access_index;
int __noinline sub(struct task *t) { out[9] = size(t->pid); return 0; }
SEC("raw_tp/a") int first(u64 *ctx) { at(task, t); out[0] = off(t->pid); return sub(t); }
SEC("raw_tp/a") int second(u64 *ctx) { at(task, t); out[1] = off(t->start); return 0; }
SEC("?raw_tp/b") int third(u64 *ctx) { at(task, t); out[2] = off(t->pid); out[3] = off(t->start); return 0; }
SEC("raw_tp/c") int fourth(u64 *ctx) { return 0; }`;

function kernelOf(types: readonly WrittenType[], modules: KernelTypes['modules'] = []): KernelTypes {
  return { vmlinux: indexNames(mustReadBtf(buildBtf(types))), modules };
}
const KERNEL = kernelOf([INT, TASK]);

let folder = '';
let bytes: Buffer = Buffer.alloc(0);
let object: BpfObject;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-test-'));
  bytes = await readFile(await compileBpf(folder, 'load', SOURCE));
  object = readBpfObject(bytes, 'load');
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

/** The sections of a load, and the instructions that it patched or the line that ended it. */
function met(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, section] = /^libbpf: sec '([^']*)': found/.exec(line) ?? [];
    const [, program, insn, change] = /^libbpf: prog '([^']*)': relo #\d+: patched (insn #\d+) \(ALU\/ALU64\) imm (.*)$/.exec(line) ?? [];
    if (section !== undefined) return [`section ${section}`];
    return program === undefined ? [] : [`${program}, ${insn}: ${change}`];
  });
}

const loadOf = (program: string | null, others: OtherSections, of = object) => {
  return met(linesOf(loadPredictor(of, KERNEL, DEFAULT_LOADER)(program, others).log));
};

it('a load of the whole object relocates the subprograms and the programs that load by default, in the order of the file', () => {
  expect(loadOf(null, 'print')).toMatchInlineSnapshot(`
    [
      "section .text",
      "sub, insn #0: 4 -> 4",
      "section raw_tp/a",
      "first, insn #0: 0 -> 4",
      "second, insn #0: 4 -> 8",
      "section ?raw_tp/b",
    ]
  `);
});

it('a load of one program relocates only it and the subprograms', () => {
  expect(Object.fromEntries(['first', 'second', 'third', 'missing'].map((name) => [name, loadOf(name, 'print')]))).toMatchInlineSnapshot(`
    {
      "first": [
        "section .text",
        "sub, insn #0: 4 -> 4",
        "section raw_tp/a",
        "first, insn #0: 0 -> 4",
        "section ?raw_tp/b",
      ],
      "missing": [
        "section .text",
        "sub, insn #0: 4 -> 4",
        "section raw_tp/a",
        "section ?raw_tp/b",
      ],
      "second": [
        "section .text",
        "sub, insn #0: 4 -> 4",
        "section raw_tp/a",
        "second, insn #0: 4 -> 8",
        "section ?raw_tp/b",
      ],
      "third": [
        "section .text",
        "sub, insn #0: 4 -> 4",
        "section raw_tp/a",
        "section ?raw_tp/b",
        "third, insn #0: 0 -> 4",
        "third, insn #4: 4 -> 8",
      ],
    }
  `);
});

it('a load without the lines of other sections has all other lines', () => {
  const withoutOthers = (program: string | null) => loadOf(program, 'omit');
  expect(Object.fromEntries(['first', 'third', 'fourth', 'missing'].map((name) => [name, withoutOthers(name)]))).toMatchInlineSnapshot(`
    {
      "first": [
        "section .text",
        "sub, insn #0: 4 -> 4",
        "section raw_tp/a",
        "first, insn #0: 0 -> 4",
      ],
      "fourth": [
        "section .text",
        "sub, insn #0: 4 -> 4",
      ],
      "missing": [
        "section .text",
        "sub, insn #0: 4 -> 4",
      ],
      "third": [
        "section .text",
        "sub, insn #0: 4 -> 4",
        "section ?raw_tp/b",
        "third, insn #0: 0 -> 4",
        "third, insn #4: 4 -> 8",
      ],
    }
  `);
  expect(withoutOthers(null)).toEqual(loadOf(null, 'print').filter((line) => line !== 'section ?raw_tp/b'));
});

/** The object with other relocations in a section. */
function withRelocations(section: string, change: (records: readonly CoreRelo[]) => CoreRelo[]): BpfObject {
  if (!object.ext) throw new Error('the object has no .BTF.ext');
  const { relocations } = object.ext;
  return { ...object, ext: { ...object.ext, relocations: new Map(relocations).set(section, change(relocations.get(section) ?? [])) } };
}

it('relocations of a section are applied in their order, also if subprograms and programs share the section', () => {
  const { programs, subprograms } = object;
  const [sub] = subprograms;
  const [, second] = programs;
  if (!sub || !second) throw new Error('a function is missing');
  const mixed = { programs: programs.filter((program) => program !== second), subprograms: [sub, second] };
  const turned = withRelocations('raw_tp/a', (records) => records.toReversed());
  const [first, turnedFirst] = [
    { ...object, ...mixed },
    { ...turned, ...mixed },
  ].map((each) => loadOf('first', 'omit', each));
  const before = ['section .text', 'sub, insn #0: 4 -> 4', 'section raw_tp/a'];
  expect(first).toEqual([...before, 'first, insn #0: 0 -> 4', 'second, insn #0: 4 -> 8']);
  expect(turnedFirst).toEqual([...before, 'second, insn #0: 4 -> 8', 'first, insn #0: 0 -> 4']);
});

it('sections are relocated in their order, also if the one of a subprogram comes after the one of the program', () => {
  const { programs, subprograms } = object;
  const third = programs.filter(({ name }) => name === 'third');
  const changed = { ...object, programs: programs.filter(({ name }) => name !== 'third'), subprograms: [...subprograms, ...third] };
  expect(loadOf('first', 'omit', changed)).toEqual([
    'section .text',
    'sub, insn #0: 4 -> 4',
    'section raw_tp/a',
    'first, insn #0: 0 -> 4',
    'section ?raw_tp/b',
    'third, insn #0: 0 -> 4',
    'third, insn #4: 4 -> 8',
  ]);
});

it('programs of the same name are loaded together', () => {
  const renamed = { ...object, programs: object.programs.map((program) => ({ ...program, name: 'same' })) };
  expect(loadOf('same', 'omit', renamed)).toMatchInlineSnapshot(`
    [
      "section .text",
      "sub, insn #0: 4 -> 4",
      "section raw_tp/a",
      "same, insn #0: 0 -> 4",
      "same, insn #0: 4 -> 8",
      "section ?raw_tp/b",
      "same, insn #0: 0 -> 4",
      "same, insn #4: 4 -> 8",
    ]
  `);
});

const ended = (of: BpfObject, program: string | null = null, kernel = KERNEL, loader: Loader = DEFAULT_LOADER) => {
  const { errno, log } = loadPredictor(of, kernel, loader)(program, 'omit');
  return { errno, log: log.slice(-4).map(({ level, text }) => `${level} ${text.trimEnd()}`) };
};

it('a relocation of an instruction in no function is skipped by every loader', () => {
  const outside = withRelocations('raw_tp/a', ([record, ...more]) => (record ? [{ ...record, insnOffset: 8 * 10_000 }, ...more] : []));
  expect(Object.values(LOADERS).map((loader) => ended(outside, null, KERNEL, loader).errno)).toEqual([0, 0, 0, 0]);
  expect(ended(outside)).toMatchInlineSnapshot(`
    {
      "errno": 0,
      "log": [
        "debug libbpf: sec 'raw_tp/a': skipping CO-RE relocation #0 for insn #10000 belonging to eliminated weak subprogram",
        "debug libbpf: prog 'second': relo #1: <byte_off> [2] struct task.start (0:1 @ offset 4)",
        "debug libbpf: prog 'second': relo #1: matching candidate #0 <byte_off> [2] struct task.start (0:1 @ offset 8)",
        "debug libbpf: prog 'second': relo #1: patched insn #0 (ALU/ALU64) imm 4 -> 8",
      ],
    }
  `);
});

it('a relocation of an instruction behind the end of its section ends the load', () => {
  const at = (insn: number) => ({
    ...withRelocations('raw_tp/a', ([record]) => (record ? [{ ...record, insnOffset: 8 * insn }] : [])),
    programs: object.programs.filter(({ name }) => name === 'first').map((program) => ({ ...program, insns: 10_000 })),
  });
  const end = sectionInsns('raw_tp/a');
  expect([ended(at(end)), ended(at(end - 1))].map(({ errno, log }) => [errno, ...log.slice(-2)])).toMatchInlineSnapshot(`
    [
      [
        22,
        "debug libbpf: sec 'raw_tp/a': found 1 CO-RE relocations",
        "warn libbpf: failed to perform CO-RE relocations: -EINVAL",
      ],
      [
        22,
        "warn libbpf: prog 'first': relo #0: failed to patch insn #12: -EINVAL",
        "warn libbpf: failed to perform CO-RE relocations: -EINVAL",
      ],
    ]
  `);
});

function sectionInsns(name: string): number {
  return (object.elf.sections.find((section) => section.name === name)?.bytes.length ?? 0) / 8;
}

it('a relocation that cannot be resolved and an instruction that cannot be patched end the load with the error of the loader', () => {
  const unknown = withRelocations('raw_tp/a', (records) => records.map((record) => ({ ...record, kind: 99 })));
  const exit = 8 * ((object.programs[0]?.insns ?? 0) - 1);
  const misplaced = withRelocations('raw_tp/a', ([record]) => (record ? [{ ...record, insnOffset: exit }] : []));
  expect({
    unresolved: ended(unknown),
    old: ended(unknown, null, KERNEL, LOADERS['libbpf-1.1']),
    unpatched: ended(misplaced),
    other: ended(misplaced, 'third').errno,
  }).toMatchInlineSnapshot(`
    {
      "old": {
        "errno": 22,
        "log": [
          "debug libbpf: sec 'raw_tp/a': found 2 CO-RE relocations",
          "warn libbpf: prog 'first': relo #0: parsing [2] struct task + 0:0 failed: -22",
          "warn libbpf: prog 'first': relo #0: failed to relocate: -22",
          "warn libbpf: failed to perform CO-RE relocations: -22",
        ],
      },
      "other": 0,
      "unpatched": {
        "errno": 22,
        "log": [
          "debug libbpf: prog 'first': relo #0: matching candidate #0 <byte_off> [2] struct task.pid (0:0 @ offset 4)",
          "warn libbpf: prog 'first': relo #0: trying to relocate unrecognized insn #6, code:0x95, src:0x0, dst:0x0, off:0x0, imm:0x0",
          "warn libbpf: prog 'first': relo #0: failed to patch insn #6: -EINVAL",
          "warn libbpf: failed to perform CO-RE relocations: -EINVAL",
        ],
      },
      "unresolved": {
        "errno": 22,
        "log": [
          "debug libbpf: sec 'raw_tp/a': found 2 CO-RE relocations",
          "warn libbpf: prog 'first': relo #0: parsing [2] struct task + 0:0 failed: -22",
          "warn libbpf: prog 'first': relo #0: failed to relocate: -EINVAL",
          "warn libbpf: failed to perform CO-RE relocations: -EINVAL",
        ],
      },
    }
  `);
});

it('an object without BTF or without relocations is loaded without a line', () => {
  const loads = [
    { ...object, btf: null },
    { ...object, ext: null },
  ].map((each) => predictLoad(each, KERNEL));
  expect(loads.map(({ program, errno, log, changed }) => ({ program, errno, log, changed: changed.size }))).toEqual([
    { program: null, errno: 0, log: [], changed: 0 },
    { program: null, errno: 0, log: [], changed: 0 },
  ]);
});

it('each load starts with the compiled instructions, changes only copies of the functions that it relocates, and keeps the bytes of the object', () => {
  const untouched = Buffer.from(bytes);
  const load = loadPredictor(object, KERNEL, DEFAULT_LOADER);
  const hex = ({ view }: { view: DataView }) => Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex');
  const functions = [...object.programs, ...object.subprograms];
  const before = functions.map((owner) => hex(compiledCode(object)(owner)));
  const once = load('first', 'print');
  const again = load('first', 'print');
  expect({
    program: once.program,
    changed: [...once.changed.keys()].map(({ name }) => name).toSorted(),
    differing: functions.filter((owner, at) => hex(once.codeOf(owner)) !== before[at]).map(({ name }) => name),
    again: linesOf(again.log).join('\n') === linesOf(once.log).join('\n'),
    same: functions.every((owner, at) => hex(compiledCode(object)(owner)) === before[at]) && bytes.equals(untouched),
  }).toEqual({ program: 'first', changed: ['first', 'sub'], differing: ['first'], again: true, same: true });
});

it('the code of a function is read from the first section of its name, as far as the section reaches', () => {
  const [first] = object.programs;
  if (!first) throw new Error('a function is missing');
  const { elf } = object;
  const own = elf.sections.find(({ name }) => name === first.section);
  if (!own) throw new Error('the section is missing');
  const twice = { ...object, elf: { ...elf, sections: [...elf.sections, { ...own, bytes: own.bytes.subarray(8) }] } };
  const sizes = [
    compiledCode(object)(first),
    compiledCode(twice)(first),
    compiledCode(object)({ ...first, insnOffset: sectionInsns(first.section) - 2 }),
    compiledCode(object)({ ...first, section: 'missing' }),
  ].map(({ view }) => [view.byteLength / 8, view.byteLength > 0 ? view.getUint8(0) : null]);
  expect(sizes).toEqual([
    [first.insns, own.bytes[0]],
    [first.insns, own.bytes[0]],
    [2, own.bytes.at(-16)],
    [0, null],
  ]);
  const part = copyOf({ view: new DataView(Uint8Array.from([1, 2, 3, 4]).buffer, 1, 2), littleEndian: false });
  expect([part.view.byteLength, part.view.getUint8(0), part.view.getUint8(1), part.littleEndian]).toEqual([2, 2, 3, false]);
});

// Tests of damage in objects: what no compiler writes is named, and objects of compilers have none.
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';
import { sectionNamed } from '../../../../harness/bpf/elf/elf.ts';
import { damagesOf } from '../../../../harness/bpf/object/damage.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { loaderRules } from '../../../../harness/core-relo/loader.ts';
import { damageFindings } from '../../../../harness/predict/findings/object-only.ts';
import { changedElf, type ElfParts } from './changed-elf.ts';
import { compileBpf } from './compile.ts';
import { sampleObjects } from './samples.ts';

const SOURCE = `
struct { __uint(type, 1); __uint(max_entries, 1); __type(key, u32); __type(value, u64); } counts SEC(".maps");
u32 seen;
static void *(*look_up)(void *map, void *key) = (void *)1;
SEC("raw_tp/sys_enter") int on_enter(u64 *ctx) { u32 key = 0; seen = 1; return look_up(&counts, &key) != 0; }
`;
const CODE = 'raw_tp/sys_enter';
/** Offsets in Elf64_Shdr, Elf64_Sym and Elf64_Rel. */
const [SECTION_NAME, SECTION_SIZE_AT, SYMBOL_SECTION, SYMBOL_SIZE, RELOCATION_SYMBOL] = [0, 32, 6, 16, 12];

let folder = '';
let compiled: Uint8Array = new Uint8Array();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'damage-'));
  compiled = await readFile(await compileBpf(folder, 'whole', SOURCE));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const words = (object: BpfObject) => damagesOf(object).map(({ kind, words: said }) => `${kind}: ${said}`);

function changed(change: (parts: ElfParts) => void): string[] {
  return words(readBpfObject(changedElf(compiled, change), 'changed'));
}

/** Writes a number into a section of the object. */
function overwritten(section: string, at: number, value: number): string[] {
  const bytes = Uint8Array.from(compiled);
  const part = sectionNamed(readBpfObject(bytes, 'whole').elf, section)?.bytes ?? new Uint8Array();
  new DataView(part.buffer, part.byteOffset).setUint32(at, value, true);
  return words(readBpfObject(bytes, 'overwritten'));
}

/** The offset of the second half of the first 64-bit load. */
function secondHalf(): number {
  const code = sectionNamed(readBpfObject(compiled, 'whole').elf, CODE)?.bytes ?? new Uint8Array();
  return code.findIndex((byte, at) => at % 8 === 0 && byte === 0x18) + 8;
}

it('objects of clang and of Rust have no damage', async () => {
  const rust = join(PACKAGE_ROOT, 'test/fixtures/aya-objects');
  const names = (await readdir(rust)).filter((name) => name.endsWith('.o'));
  const objects = [
    ...(await sampleObjects()).map(({ name, bytes }) => readBpfObject(bytes, name)),
    ...(await Promise.all(names.map(async (name) => readBpfObject(await readFile(join(rust, name)), name)))),
    readBpfObject(compiled, 'whole'),
  ];
  expect(objects.flatMap(words)).toEqual([]);
});

it('damage in headers, symbols, relocations, code and maps is named', () => {
  const found = {
    'name of a section': changed(({ header }) => header(CODE).setUint32(SECTION_NAME, 1 << 20, true)),
    'size of .bss': changed(({ header }) => header('.bss').setUint32(SECTION_SIZE_AT + 4, 1, true)),
    'section of a symbol': changed(({ symbol }) => symbol('seen').setUint16(SYMBOL_SECTION, 999, true)),
    'size of a program': changed(({ symbol }) => symbol('on_enter').setUint32(SYMBOL_SIZE, 12, true)),
    'end of a program': changed(({ symbol }) => symbol('on_enter').setUint32(SYMBOL_SIZE, 8000, true)),
    'symbol of a relocation': changed(({ relocation }) => relocation(`.rel${CODE}`, 0).setUint32(RELOCATION_SYMBOL, 999, true)),
    'second half of a load': overwritten(CODE, secondHalf(), 1),
    'bytes of a map': overwritten('.maps', 0, 1),
  };
  expect(found).toMatchInlineSnapshot(`
    {
      "bytes of a map": [
        "map-bytes: section .maps has bytes that are not 0",
      ],
      "end of a program": [
        "function-bounds: symbol on_enter ends beyond its section raw_tp/sys_enter",
      ],
      "name of a section": [
        "headers: the name of section 3 lies beyond the table of names",
        "ext-section: function information names section raw_tp/sys_enter, which does not exist",
      ],
      "second half of a load": [
        "wide-load: a 64-bit load in function on_enter has no second half",
      ],
      "section of a symbol": [
        "symbol-section: symbol seen is in section 999, which does not exist",
        "data-variable: variable seen in BTF of section .bss is not that of the file",
        "relocation-target: relocation 0 in section .relraw_tp/sys_enter refers to symbol seen, which is neither code nor data",
      ],
      "size of .bss": [
        "section-size: section .bss claims 4294967300 bytes",
      ],
      "size of a program": [
        "function-bounds: function on_enter does not begin and end with an instruction",
      ],
      "symbol of a relocation": [
        "relocation-symbol: relocation 0 in section .relraw_tp/sys_enter names symbol 999, which does not exist",
      ],
    }
  `);
});

const READS = `struct task_struct { int pid; int tgid; } access_index;
SEC("tp_btf/sched_switch") int reads(u64 *ctx) { struct task_struct *task = (void *)ctx[1]; return (task->pid + task->tgid) & 1; }`;
/** The first relocation in .BTF.ext, after the size of a record, the name of its section and the number of relocations. */
const BEFORE_FIRST = 12;
const RECORD = 16;
/** BPF_LD | BPF_ABS */
const LOAD_OF_PACKET = 0x20;

it('relocations that libraries read in different ways, and functions without a name, are named', async () => {
  const bytes = await readFile(await compileBpf(folder, 'reads', READS));
  const whole = readBpfObject(bytes, 'reads');
  const damaged = (change: (ext: DataView, first: number, code: Uint8Array) => void): string[] => {
    const { elf } = readBpfObject(Uint8Array.from(bytes), 'copy');
    const part = sectionNamed(elf, '.BTF.ext')?.bytes ?? new Uint8Array();
    const ext = new DataView(part.buffer, part.byteOffset, part.byteLength);
    change(ext, ext.getUint32(4, true) + ext.getUint32(24, true) + BEFORE_FIRST, sectionNamed(elf, 'tp_btf/sched_switch')?.bytes ?? part);
    return words(readBpfObject(new Uint8Array(part.buffer), 'damaged'));
  };
  expect(words(whole)).toEqual([]);
  expect({
    twice: damaged((ext, first) => ext.setUint32(first + RECORD, ext.getUint32(first, true), true)),
    'without a value': damaged((ext, first, code) => code.set([LOAD_OF_PACKET], ext.getUint32(first, true))),
    'without a name': words(
      readBpfObject(
        changedElf(bytes, ({ symbol }) => symbol('reads').setUint32(0, 0, true)),
        'nameless',
      ),
    ),
    'local symbol': changed(({ symbol }) => symbol('seen').setUint8(4, 1)),
  }).toMatchInlineSnapshot(`
    {
      "local symbol": [
        "data-variable: variable seen in BTF of section .bss is not that of the file",
      ],
      "twice": [
        "ext-order: two relocations are for the instruction at offset 8 of section tp_btf/sched_switch",
      ],
      "without a name": [
        "symbol-name: a function in section tp_btf/sched_switch has no name",
        "code-without-symbols: section tp_btf/sched_switch has code, but no function",
      ],
      "without a value": [
        "ext-instruction: a relocation is for the instruction at offset 8 of section tp_btf/sched_switch, which has no value for it",
      ],
    }
  `);
});

it('damage in BTF and .BTF.ext is named', () => {
  const types = 24;
  const found = {
    'name of a type': overwritten('.BTF', types + 12, 3),
    'name beyond the strings': overwritten('.BTF', types + 12, 1 << 20),
    'type that does not exist': overwritten('.BTF', types + 8, 999),
    'version of .BTF.ext': overwritten('.BTF.ext', 0, 0x0002eb9f),
    'instruction of a function': overwritten('.BTF.ext', 32 + 12, 4),
    'type of a function': overwritten('.BTF.ext', 32 + 16, 1),
  };
  expect(found).toMatchInlineSnapshot(`
    {
      "instruction of a function": [
        "ext-offset: function information of section raw_tp/sys_enter is at offset 4, between two instructions",
      ],
      "name beyond the strings": [
        "type-name: BTF type 2 has its name at offset 1048576, beyond the strings",
      ],
      "name of a type": [
        "type-name: BTF type 2 has its name at offset 3, where no string begins",
      ],
      "type of a function": [
        "ext-function: function information of section raw_tp/sys_enter names BTF type 1, which is no function with a name",
      ],
      "type that does not exist": [
        "type-reference: BTF type 1 refers to type 999, which does not exist",
      ],
      "version of .BTF.ext": [
        "btf-header: the version or the flags of its .BTF.ext are not known",
      ],
    }
  `);
});

it('a damaged object has no sure prediction for cilium/ebpf and aya, and none of its own for libbpf', () => {
  const object = readBpfObject(
    changedElf(compiled, ({ symbol }) => symbol('seen').setUint16(SYMBOL_SECTION, 999, true)),
    'changed',
  );
  const reasons = (loader?: string) => damageFindings(object, loaderRules(loader)).map(({ failure: { reason } }) => reason);
  expect([reasons(), reasons('cilium@0.17'), reasons('aya@0.14')]).toMatchInlineSnapshot(`
    [
      [],
      [
        "unknown: cilium/ebpf may refuse this damaged object: symbol seen is in section 999, which does not exist",
        "unknown: cilium/ebpf or the kernel may refuse the BTF of this damaged object: symbol seen is in section 999, which does not exist",
      ],
      [
        "unknown: aya may refuse this damaged object: symbol seen is in section 999, which does not exist",
        "unknown: aya or the kernel may refuse the BTF of this damaged object: symbol seen is in section 999, which does not exist",
      ],
    ]
  `);
});

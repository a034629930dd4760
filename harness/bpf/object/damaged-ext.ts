// Finds what in `.BTF.ext` no compiler writes: records of sections, instructions, functions and types that do not fit.
import { type Btf, btfString, kindOf, nameOf } from '../btf/btf.ts';
import { type Elf, sectionNamed } from '../elf/elf.ts';
import type { Damage } from './damage-kind.ts';
import { stringDamage } from './damaged-btf.ts';
import { INSN_BYTES } from './functions.ts';

const MIN_HEADER = 24;
const CORE_HEADER = 32;
const SECTION_HEADER = 8;
/** The largest record that cilium/ebpf reads. @see parseExtInfoRecordSize() in its ext_info.go */
const LARGEST_RECORD = 256;

/** The parts of .BTF.ext in their order, each with the words of a record that are offsets of strings. */
const PARTS = [
  { part: 'function', at: 8, strings: [], isTyped: true },
  { part: 'line', at: 16, strings: [4, 8], isTyped: false },
  { part: 'relocation', at: 24, strings: [8], isTyped: true },
] as const;

interface Part {
  part: (typeof PARTS)[number];
  start: number;
  length: number;
}

interface Extension {
  btf: Btf;
  elf: Elf;
  view: DataView;
}

function* recordDamages(
  { btf, elf, view }: Extension,
  { part, at, section }: { part: Part['part']; at: number; section: string },
): Generator<Damage> {
  const u32 = (offset: number) => view.getUint32(at + offset, btf.littleEndian);
  const where = `${part.part} information of section ${section}`;
  const size = sectionNamed(elf, section)?.size ?? 0;
  if (u32(0) % INSN_BYTES !== 0) yield { kind: 'ext-offset', words: `${where} is at offset ${u32(0)}, between two instructions` };
  else if (u32(0) >= size) yield { kind: 'ext-section', words: `${where} is at offset ${u32(0)}, beyond the section` };
  for (const offset of part.strings) {
    const wrong = stringDamage(btf, u32(offset));
    if (wrong !== null) yield { kind: 'ext-string', words: `${where} has a string at ${wrong}` };
  }
  const type = part.isTyped ? u32(4) : 0;
  if (type >= btf.endId) yield { kind: 'ext-type', words: `${where} names BTF type ${type}, which does not exist` };
  if (part.part === 'function' && (kindOf(btf, type) !== 'func' || nameOf(btf, type) === '')) {
    yield { kind: 'ext-function', words: `${where} names BTF type ${type}, which is no function with a name` };
  }
}

/** An instruction of 64 bits takes up two places. */
const WIDE_LOAD = 0x18;
/** The classes of loads and stores, and of arithmetic, which has a value in the instruction unless it takes it from a register. */
const [MOVES_MEMORY, ARITHMETIC] = [new Set([0x01, 0x02, 0x03]), new Set([0x04, 0x07])];
const [CLASS, FROM_REGISTER] = [0x07, 0x08];

/** Whether an instruction has a value that a relocation can change. */
function isRelocatable(opcode: number): boolean {
  const kind = opcode & CLASS;
  return opcode === WIDE_LOAD || MOVES_MEMORY.has(kind) || (ARITHMETIC.has(kind) && (opcode & FROM_REGISTER) === 0);
}

interface Group {
  at: number;
  /** Bytes of a record. */
  size: number;
  count: number;
  section: string;
}

/**
 * Relocations of one section that libraries read in different ways. cilium/ebpf uses none that follows a second one for the same instruction,
 * or one for the second half of an instruction. aya writes a value into any instruction of the class of 64-bit loads.
 * @see assignMetadata() in cilium/ebpf's elf_reader.go, ComputedRelocation::apply() in aya-obj's btf/relocation.rs
 */
function* relocationDamages({ btf, elf, view }: Extension, { at, size, count, section }: Group): Generator<Damage> {
  const code = sectionNamed(elf, section)?.bytes ?? new Uint8Array();
  const seen = new Set<number>();
  for (let index = 0; index < count && at + (index + 1) * size <= view.byteLength; index++) {
    const offset = view.getUint32(at + index * size, btf.littleEndian);
    const opcode = code[offset];
    const where = `at offset ${offset} of section ${section}`;
    if (seen.has(offset)) yield { kind: 'ext-order', words: `two relocations are for the instruction ${where}` };
    seen.add(offset);
    if (opcode !== undefined && !isRelocatable(opcode)) {
      yield { kind: 'ext-instruction', words: `a relocation is for the instruction ${where}, which has no value for it` };
    }
  }
}

function* partDamages(extension: Extension, { part, start, length }: Part): Generator<Damage> {
  const { btf, view } = extension;
  const u32 = (at: number) => view.getUint32(at, btf.littleEndian);
  const sections = new Set<string>();
  const end = Math.min(start + length, view.byteLength);
  if (start + 4 > end) return;
  const size = u32(start);
  if (size > LARGEST_RECORD) yield { kind: 'ext-section', words: `records of ${part.part} information claim ${size} bytes` };
  for (let at = start + 4; at + SECTION_HEADER <= end;) {
    const wrong = stringDamage(btf, u32(at));
    const section = btfString(btf, u32(at));
    if (wrong !== null || section === '') {
      yield { kind: 'ext-section', words: `${part.part} information names its section at ${wrong ?? 'offset 0, an empty name'}` };
    } else if (sectionNamed(extension.elf, section) === undefined) {
      yield { kind: 'ext-section', words: `${part.part} information names section ${section}, which does not exist` };
    }
    if (sections.has(section)) yield { kind: 'ext-order', words: `${part.part} information names section ${section} twice` };
    sections.add(section);
    const count = u32(at + 4);
    at += SECTION_HEADER;
    if (part.part === 'relocation') yield* relocationDamages(extension, { at, size, count, section });
    for (let index = 0; index < count && at + size <= end; index++, at += size) yield* recordDamages(extension, { part, at, section });
  }
}

/** What no compiler writes into .BTF.ext. Its parts fit into it, as readBtfExt() found. */
export function* extDamages(btf: Btf, elf: Elf): Generator<Damage> {
  const bytes = sectionNamed(elf, '.BTF.ext')?.bytes;
  if (!bytes || bytes.length < MIN_HEADER) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes[2] !== 1 || bytes[3] !== 0) yield { kind: 'btf-header', words: 'the version or the flags of its .BTF.ext are not known' };
  const header = view.getUint32(4, btf.littleEndian);
  for (const part of PARTS) {
    if (part.part === 'relocation' && (header < CORE_HEADER || bytes.length < CORE_HEADER)) continue;
    const [start, length] = [header + view.getUint32(part.at, btf.littleEndian), view.getUint32(part.at + 4, btf.littleEndian)];
    if (start > bytes.length) yield { kind: 'ext-section', words: `${part.part} information is said to be at ${start}, beyond .BTF.ext` };
    yield* partDamages({ btf, elf, view }, { part, start, length });
  }
}

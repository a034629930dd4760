// Reads 64-bit ELF files: sections, symbols. Pure over bytes: any input gives a file or a reason.

/** e_machine of BPF objects. */
export const EM_BPF = 247;

const MACHINES: Readonly<Record<number, string>> = {
  3: 'i386',
  40: 'arm',
  62: 'x86-64',
  183: 'arm64',
  22: 's390',
  21: 'ppc64',
  243: 'riscv',
  247: 'BPF',
};

export const SHF_EXECINSTR = 4;
export const STT_OBJECT = 1;
export const STT_FUNC = 2;
export const STB_LOCAL = 0;
export const STB_GLOBAL = 1;
export const STB_WEAK = 2;
export const SHT_SYMTAB = 2;
const SHT_NOBITS = 8;
const HEADER_SIZE = 64;
const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;
/** More than any object or kernel has, and small enough for memory. */
const MAX_SECTIONS = 65_536;
const MAX_SYMBOLS = 4_000_000;

export interface ElfSection {
  name: string;
  type: number;
  flags: number;
  link: number;
  /** The section to which a relocation section applies. */
  info: number;
  size: number;
  /** Empty for sections without bytes in the file, such as .bss. */
  bytes: Uint8Array;
}

export interface ElfSymbol {
  name: string;
  /** STT_*: 1 object, 2 function, 3 section. */
  type: number;
  /** STB_*: 0 local, 1 global, 2 weak. */
  binding: number;
  section: number;
  value: number;
  size: number;
}

export interface Elf {
  littleEndian: boolean;
  machine: number;
  sections: ElfSection[];
  /** What in the headers no tool writes, so that stricter readers refuse the file; null if there is nothing. */
  damage: string | null;
}

export type ElfResult = { ok: true; elf: Elf } | { ok: false; reason: string };

const decoder = new TextDecoder();
/** Longer names are cut. No real name is longer, and decoding a damaged table must not take long. */
const MAX_NAME = 4096;

/** The string at an offset of a string table, '' if it is outside. */
export function stringAt(table: Uint8Array, offset: number): string {
  if (offset >= table.length) return '';
  const rest = table.subarray(offset, offset + MAX_NAME);
  const end = rest.indexOf(0);
  return decoder.decode(end < 0 ? rest : rest.subarray(0, end));
}

/** The name of a machine number, for messages. */
export function machineName(machine: number): string {
  return MACHINES[machine] ?? `machine ${machine}`;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function magicProblem(bytes: Uint8Array): string | null {
  if (bytes.length === 0) return 'the file is empty';
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) return 'not an ELF file';
  if (bytes.length < HEADER_SIZE) return `truncated: ${bytes.length} bytes are fewer than an ELF header`;
  if (bytes[4] !== 2) return 'a 32-bit ELF file; BPF objects are 64-bit';
  if (bytes[5] !== 1 && bytes[5] !== 2) return 'an ELF file of unknown byte order';
  return null;
}

/** A 64-bit file offset or size as a number; beyond 2^53 it is outside of any file. */
function u64(view: DataView, at: number, little: boolean): number {
  return Number(view.getBigUint64(at, little));
}

/** The one version of ELF. */
const EV_CURRENT = 1;
const SHT_STRTAB = 3;
const SHF_COMPRESSED = 0x800;
/** What decoding puts in place of bytes that are no UTF-8. */
export const REPLACEMENT = '\ufffd';
const SHT_REL = 9;
const REL_SIZE = 16;

/** A version, program headers or an unusual size in the header of an object. @see NewFile() in Go's debug/elf, ElfN_Ehdr in elf(5) */
function headerDamage(view: DataView, little: boolean): string | null {
  if (view.getUint8(6) !== EV_CURRENT || view.getUint32(20, little) !== EV_CURRENT) return 'the version of ELF in its header is not 1';
  return view.getUint16(56, little) === 0 ? null : 'its header claims program headers, which an object does not have';
}

interface RawSection {
  nameOffset: number;
  entrySize: number;
  section: ElfSection;
}

/** The size of an entry in the tables that loaders read, by the type of the section. */
const ENTRY_SIZES: Readonly<Partial<Record<number, number>>> = { [SHT_SYMTAB]: SYMBOL_SIZE, [SHT_REL]: REL_SIZE };

function sectionDamage(raw: readonly RawSection[], names: ElfSection | undefined): string | null {
  if (names?.type !== SHT_STRTAB) return 'the section that its header names for the names of sections is no table of strings';
  for (const [index, { nameOffset, entrySize, section }] of raw.entries()) {
    if (entrySize !== (ENTRY_SIZES[section.type] ?? entrySize)) return `the entries of section ${index} claim ${entrySize} bytes`;
    if (nameOffset >= names.size) return `the name of section ${index} lies beyond the table of names`;
    if (stringAt(names.bytes, nameOffset).includes(REPLACEMENT)) return `the name of section ${index} is no UTF-8`;
    if ((section.flags & SHF_COMPRESSED) !== 0) return `section ${index} claims to be compressed`;
    if (section.type === SHT_SYMTAB && raw[section.link]?.section.type !== SHT_STRTAB) return 'its symbol table names no table of strings';
  }
  return null;
}

/**
 * Reads the header and all sections of a 64-bit ELF file of either byte order.
 * @see elf(5), include/uapi/linux/elf.h
 */
export function readElf(bytes: Uint8Array): ElfResult {
  const problem = magicProblem(bytes);
  if (problem !== null) return { ok: false, reason: problem };
  const view = viewOf(bytes);
  const little = bytes[5] === 1;
  const machine = view.getUint16(18, little);
  const table = u64(view, 40, little);
  const entrySize = view.getUint16(58, little);
  let count = view.getUint16(60, little);
  if (table === 0) return { ok: true, elf: { littleEndian: little, machine, sections: [], damage: null } };
  if (entrySize !== SECTION_SIZE) return { ok: false, reason: `section headers of ${entrySize} bytes instead of ${SECTION_SIZE}` };
  if (table + SECTION_SIZE > bytes.length) return { ok: false, reason: 'truncated: the section headers lie beyond the end of the file' };
  // With more than 65,279 sections the first header holds the count.
  if (count === 0) count = u64(view, table + 32, little);
  if (count > MAX_SECTIONS) return { ok: false, reason: `${count} sections are too many` };
  if (table + count * SECTION_SIZE > bytes.length)
    return { ok: false, reason: 'truncated: the section headers lie beyond the end of the file' };
  const raw: RawSection[] = [];
  for (let index = 0; index < count; index++) {
    const at = table + index * SECTION_SIZE;
    const type = view.getUint32(at + 4, little);
    const offset = u64(view, at + 24, little);
    const size = u64(view, at + 32, little);
    const inFile = type !== 0 && type !== SHT_NOBITS;
    if (inFile && offset + size > bytes.length) return { ok: false, reason: `truncated: section ${index} lies beyond the end of the file` };
    raw.push({
      nameOffset: view.getUint32(at, little),
      entrySize: u64(view, at + 56, little),
      section: {
        name: '',
        type,
        flags: u64(view, at + 8, little),
        link: view.getUint32(at + 40, little),
        info: view.getUint32(at + 44, little),
        size,
        bytes: inFile ? bytes.subarray(offset, offset + size) : new Uint8Array(),
      },
    });
  }
  const names = raw[view.getUint16(62, little)]?.section.bytes ?? new Uint8Array();
  const sections = raw.map(({ nameOffset, section }) => ({ ...section, name: stringAt(names, nameOffset) }));
  const damage = headerDamage(view, little) ?? sectionDamage(raw, raw[view.getUint16(62, little)]?.section);
  return { ok: true, elf: { littleEndian: little, machine, sections, damage } };
}

/** The first section of that name, or undefined. */
export function sectionNamed(elf: Elf, name: string): ElfSection | undefined {
  return elf.sections.find((section) => section.name === name);
}

/** The symbols of the symbol table; [] without one. */
export function readSymbols(elf: Elf): ElfSymbol[] {
  const table = elf.sections.find((section) => section.type === SHT_SYMTAB);
  if (!table) return [];
  const names = elf.sections[table.link]?.bytes ?? new Uint8Array();
  const view = viewOf(table.bytes);
  const symbols: ElfSymbol[] = [];
  const count = Math.min(Math.floor(table.bytes.length / SYMBOL_SIZE), MAX_SYMBOLS);
  for (let index = 0; index < count; index++) {
    const at = index * SYMBOL_SIZE;
    const info = view.getUint8(at + 4);
    symbols.push({
      name: stringAt(names, view.getUint32(at, elf.littleEndian)),
      type: info & 15,
      binding: info >> 4,
      section: view.getUint16(at + 6, elf.littleEndian),
      value: u64(view, at + 8, elf.littleEndian),
      size: u64(view, at + 16, elf.littleEndian),
    });
  }
  return symbols;
}

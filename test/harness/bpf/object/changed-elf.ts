// Changes single fields of a compiled object, for objects that no compiler makes.
import { readElf, readSymbols, SHT_SYMTAB } from '../../../../harness/bpf/elf/elf.ts';

const SECTION_SIZE = 64;
const SYMBOL_SIZE = 24;
const REL_SIZE = 16;

/** Views of the parts of an object, little-endian. Writing into a view changes the object. */
export interface ElfParts {
  /** The header of a section. */
  header: (section: string) => DataView;
  symbol: (name: string) => DataView;
  /** The number of a symbol. */
  symbolIndex: (name: string) => number;
  /** Number `index` of the relocations in a section. */
  relocation: (section: string, index: number) => DataView;
  sectionCount: number;
}

function viewAt(bytes: Uint8Array, at: number, length: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + at, length);
}

/**
 * Returns a changed copy of an object.
 * @throws Error if `change` asks for a part that the object lacks
 */
export function changedElf(object: Uint8Array, change: (parts: ElfParts) => void): Uint8Array {
  const bytes = Uint8Array.from(object);
  const read = readElf(bytes);
  if (!read.ok) throw new Error(read.reason);
  const { elf } = read;
  const headers = Number(viewAt(bytes, 40, 8).getBigUint64(0, true));
  const found = (what: string, at: number) => {
    if (at < 0) throw new Error(`the object has no ${what}`);
    return at;
  };
  const indexOf = (section: string) =>
    found(
      `section ${section}`,
      elf.sections.findIndex(({ name }) => name === section),
    );
  const symbolIndex = (wanted: string) =>
    found(
      `symbol ${wanted}`,
      readSymbols(elf).findIndex(({ name }) => name === wanted),
    );
  const content = (at: number) => elf.sections[at]?.bytes ?? new Uint8Array();
  change({
    header: (section) => viewAt(bytes, headers + indexOf(section) * SECTION_SIZE, SECTION_SIZE),
    symbol: (name) =>
      viewAt(content(elf.sections.findIndex(({ type }) => type === SHT_SYMTAB)), symbolIndex(name) * SYMBOL_SIZE, SYMBOL_SIZE),
    symbolIndex,
    relocation: (section, index) => viewAt(content(indexOf(section)), index * REL_SIZE, REL_SIZE),
    sectionCount: elf.sections.length,
  });
  return bytes;
}

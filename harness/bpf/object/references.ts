// Reads the ELF relocations of an object's instructions: references to subprograms, data sections, maps and externs.
import { type Elf, type ElfSection, type ElfSymbol, readSymbols, SHF_EXECINSTR, STB_LOCAL } from '../elf/elf.ts';
import { INSN_BYTES } from './functions.ts';

export type Reference =
  /** A function, by its section and first instruction there. The verifier checks a `global` function separately. */
  | { type: 'function'; section: string; insn: number; global: boolean }
  /** A variable, the start of its section, or a map in `.maps`. `offset` does not include what the instruction adds. */
  | { type: 'data'; section: string; offset: number; name: string }
  /** A kernel symbol, a kernel function or a Kconfig value. */
  | { type: 'extern'; name: string }
  /** A map of an old kind, outside of `.maps`; the name is empty for what is none. */
  | { type: 'other'; name: string };

/** Keyed by section, then by instruction index in the section. */
export type References = ReadonlyMap<string, ReadonlyMap<number, Reference>>;

const SHT_REL = 9;
const REL_SIZE = 16;
const STT_SECTION = 3;

function referenceTo(elf: Elf, symbol: ElfSymbol | undefined): Reference {
  const section = symbol && elf.sections[symbol.section];
  if (symbol?.section === 0) return { type: 'extern', name: symbol.name };
  if (!symbol || !section) return { type: 'other', name: '' };
  if ((section.flags & SHF_EXECINSTR) !== 0) {
    const global = symbol.type !== STT_SECTION && symbol.binding !== STB_LOCAL;
    return { type: 'function', section: section.name, insn: symbol.value / INSN_BYTES, global };
  }
  if (!section.name.startsWith('.')) return { type: 'other', name: symbol.name };
  return { type: 'data', section: section.name, offset: symbol.value, name: symbol.name };
}

/** A relocation of an instruction. */
interface InstructionRelocation {
  /** The executable section with the instruction. */
  section: ElfSection;
  /** In bytes, in that section. */
  offset: number;
  /** The number of the symbol. */
  symbol: number;
}

/** The relocations of instructions in executable sections, in the order of the file. */
export function* instructionRelocations({ sections, littleEndian }: Elf): Generator<InstructionRelocation> {
  for (const { type, info, bytes } of sections) {
    const section = sections[info];
    if (type !== SHT_REL || !section || (section.flags & SHF_EXECINSTR) === 0) continue;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + REL_SIZE <= bytes.length; at += REL_SIZE) {
      const offset = Number(view.getBigUint64(at, littleEndian));
      yield { section, offset, symbol: Number(view.getBigUint64(at + 8, littleEndian) >> 32n) };
    }
  }
}

/**
 * Returns all references from executable sections.
 * @see bpf_object__collect_prog_relos() in libbpf.c
 */
export function referencesOf(elf: Elf): References {
  const symbols = readSymbols(elf);
  const references = new Map<string, Map<number, Reference>>();
  for (const { section, offset, symbol } of instructionRelocations(elf)) {
    const own = references.get(section.name) ?? new Map<number, Reference>();
    references.set(section.name, own);
    own.set(offset / INSN_BYTES, referenceTo(elf, symbols[symbol]));
  }
  return references;
}

// The compiler of an object, if the object names it.
import { type Elf, sectionNamed } from '../elf/elf.ts';

/** The beginning of DWARF's DW_AT_producer. Clang of a distribution writes the distribution before it. */
const PRODUCER = /^(?:\S+ )?clang version \S+|^GNU C\S* \S+|^clang LLVM \(rustc version \S+/;
const MAX_LENGTH = 120;

/** The strings of a section; none if the object lacks it. */
export function sectionStrings(elf: Elf, name: string): string[] {
  const bytes = sectionNamed(elf, name)?.bytes;
  return bytes === undefined ? [] : new TextDecoder().decode(bytes).split('\0');
}

/**
 * The compiler under its own name: in `.comment` (GCC), or among the strings of DWARF (clang and rustc, unless the object was stripped).
 * @returns null if the object does not name it, as most stripped objects
 * @see DWARF 5, 3.1.1: DW_AT_producer
 */
export function compilerOf(elf: Elf): string | null {
  const [comment] = sectionStrings(elf, '.comment').filter((text) => text !== '');
  const producer = comment ?? sectionStrings(elf, '.debug_str').find((text) => PRODUCER.test(text));
  const plain = producer?.replaceAll(/\P{ASCII}|\p{Cc}/gu, '?').slice(0, MAX_LENGTH);
  return plain === undefined || plain === '' ? null : plain;
}

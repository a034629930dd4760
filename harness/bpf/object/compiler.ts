// The compiler of an object, if the object names it.
import { type Elf, sectionNamed } from '../elf/elf.ts';

/** What DWARF's DW_AT_producer begins with; clang of a distribution says whose it is before. */
const PRODUCER = /^(?:\S+ )?clang version \S+|^GNU C\S* \S+/;
const MAX_LENGTH = 120;

function strings(bytes: Uint8Array | undefined): string[] {
  return bytes === undefined ? [] : new TextDecoder().decode(bytes).split('\0');
}

/**
 * The compiler as it names itself: in `.comment` (GCC), or among the strings of DWARF (clang, where it was not stripped).
 * @returns null where the object does not say, as most that were stripped
 * @see DWARF 5, 3.1.1: DW_AT_producer
 */
export function compilerOf(elf: Elf): string | null {
  const [comment] = strings(sectionNamed(elf, '.comment')?.bytes).filter((text) => text !== '');
  const producer = comment ?? strings(sectionNamed(elf, '.debug_str')?.bytes).find((text) => PRODUCER.test(text));
  const plain = producer?.replaceAll(/\P{ASCII}|\p{Cc}/gu, '?').slice(0, MAX_LENGTH);
  return plain === undefined || plain === '' ? null : plain;
}

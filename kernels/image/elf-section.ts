// Reads two things from an ELF file: its machine, and the place of a section.
import type { ReadAt } from '../archive/read-at.ts';

export interface ElfSection {
  offset: number;
  size: number;
}

export type ElfReading = { kind: 'elf'; arch: 'x86_64' | 'arm64'; section: ElfSection | null } | { kind: 'bad'; reason: string };

/** Values of e_machine. */
const MACHINES: Readonly<Record<number, 'x86_64' | 'arm64'>> = { 62: 'x86_64', 183: 'arm64' };
/** Size of the file header, and of each entry of the section table. */
const HEADER = 64;
const MAX_NAMES = 1 << 20;

/** Whether a file begins as an ELF file. */
export function isElf(head: Buffer): boolean {
  return head.length >= 4 && head.readUInt32BE(0) === 0x7f454c46;
}

/** Reads a 64-bit position. A position above 2^53 becomes Infinity and fails every check of bounds. */
function position(buffer: Buffer, offset: number): number {
  const value = buffer.readBigUInt64LE(offset);
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Infinity : Number(value);
}

/**
 * Finds a section of a 64-bit little-endian ELF file; null if the file does not have it.
 * @see elf(5)
 */
export async function readElfSection(read: ReadAt, fileSize: number, name: string): Promise<ElfReading> {
  const header = await read(0, HEADER);
  if (header.length < HEADER || !isElf(header)) return { kind: 'bad', reason: 'not an ELF file' };
  if (header[4] !== 2 || header[5] !== 1) return { kind: 'bad', reason: 'not a 64-bit little-endian ELF file' };
  const arch = MACHINES[header.readUInt16LE(18)];
  if (arch === undefined) return { kind: 'bad', reason: `its machine (ELF number ${header.readUInt16LE(18)}) is neither x86-64 nor arm64` };
  const [table, entry, count, names] = [position(header, 40), header.readUInt16LE(58), header.readUInt16LE(60), header.readUInt16LE(62)];
  if (count === 0) return { kind: 'elf', arch, section: null };
  if (entry !== HEADER || table + entry * count > fileSize || names >= count)
    return { kind: 'bad', reason: 'its section table is damaged' };
  const sections = await read(table, entry * count);
  const at = (index: number): ElfSection => ({
    offset: position(sections, index * entry + 24),
    size: position(sections, index * entry + 32),
  });
  const strings = at(names);
  const text = (await read(strings.offset, Math.min(strings.size, MAX_NAMES))).toString('latin1');
  for (let index = 0; index < count; index++) {
    const start = sections.readUInt32LE(index * entry);
    if (!text.startsWith(`${name}\0`, start)) continue;
    const section = at(index);
    if (section.offset + section.size > fileSize) return { kind: 'bad', reason: `its section ${name} is cut off` };
    return { kind: 'elf', arch, section };
  }
  return { kind: 'elf', arch, section: null };
}

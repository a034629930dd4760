// Reads bytes of an uncompressed image by their distance from `_text`, as the table of symbols gives it.
import type { ReadAt } from '../archive/read-at.ts';
import { isElf } from './elf-section.ts';

const HEADER = 64;
/** Size of an entry of the program header table, and its type for a part that is loaded. */
const SEGMENT = 56;
const PT_LOAD = 1;
const MAX_SEGMENTS = 64;

interface Segment {
  offset: number;
  address: bigint;
  size: number;
}

export interface ImageBytes {
  /** The address of `_text`; null for a flat image, which does not have it. */
  text: bigint | null;
  /** Fewer bytes than asked for if the image does not hold all. */
  at: (distance: number, length: number) => Promise<Buffer>;
}

/** The loaded parts of an ELF file, in its order. @see elf(5) */
async function segmentsOf(read: ReadAt, header: Buffer): Promise<Segment[]> {
  const count = Math.min(header.readUInt16LE(56), MAX_SEGMENTS);
  const table = await read(Number(header.readBigUInt64LE(32)), count * SEGMENT);
  return Array.from({ length: Math.floor(table.length / SEGMENT) }, (_, index) => index * SEGMENT)
    .filter((at) => table.readUInt32LE(at) === PT_LOAD)
    .map((at) => {
      return {
        offset: Number(table.readBigUInt64LE(at + 8)),
        address: table.readBigUInt64LE(at + 16),
        size: Number(table.readBigUInt64LE(at + 32)),
      };
    });
}

/**
 * How to read an image; null for an ELF file without loaded parts.
 * @param read reads the uncompressed image: an ELF file, or a flat one, which begins with `_text`
 */
export async function imageBytes(read: ReadAt): Promise<ImageBytes | null> {
  const header = await read(0, HEADER);
  if (header.length < HEADER || !isElf(header)) return { text: null, at: read };
  const segments = await segmentsOf(read, header);
  const [first] = segments;
  if (!first) return null;
  const at = async (distance: number, length: number) => {
    const address = first.address + BigInt(distance);
    const holding = segments.find((each) => address >= each.address && address < each.address + BigInt(each.size));
    return holding ? read(holding.offset + Number(address - holding.address), length) : Buffer.alloc(0);
  };
  return { text: first.address, at };
}

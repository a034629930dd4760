// Reads where the functions begin that the kernel can trace: the calls that the compiler put into them. An uncompressed image lists these.
import type { ReadAt } from '../archive/read-at.ts';
import { isElf } from './elf-section.ts';
import type { KernelSymbol } from './kallsyms.ts';

const HEADER = 64;
/** Size of an entry of the program header table, and its type for a part that is loaded. */
const SEGMENT = 56;
const PT_LOAD = 1;
const MAX_SEGMENTS = 64;
const ADDRESS = 8;
const MAX_PLACES = 1 << 20;
/** A call is behind at most this many bytes of its function: a landing pad, and instructions that save registers. */
const NEAR = 16;
/** The part of all places that must be near a symbol. Otherwise the addresses are not those of this image. */
const MOST = 0.9;

interface Segment {
  offset: number;
  address: bigint;
  size: number;
}

/** The loaded parts of an ELF file, in its order. @see elf(5) */
async function segmentsOf(read: ReadAt): Promise<Segment[]> {
  const header = await read(0, HEADER);
  if (header.length < HEADER || !isElf(header)) return [];
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

/** Whether most places are near a symbol. Both ascend. */
function areNear(places: readonly number[], starts: readonly number[]): boolean {
  let near = 0;
  let at = 0;
  for (const place of places) {
    while ((starts[at + 1] ?? Infinity) <= place) at++;
    const distance = place - (starts[at] ?? Infinity);
    if (distance >= 0 && distance <= NEAR) near++;
  }
  return near > 0 && near >= places.length * MOST;
}

/**
 * The places of all calls by which a kernel traces its functions, as distances from `_text` in ascending order. Null if the image does not
 * show them: a flat image, a kernel without such calls, or one that fills in their addresses when it boots.
 * @param read reads the uncompressed image
 * @param symbols of the same image
 * @see MCOUNT_REC in include/asm-generic/vmlinux.lds.h. The addresses of functions that another definition replaced are 0 since Linux 6.15.
 */
export async function tracedPlaces(read: ReadAt, symbols: readonly KernelSymbol[]): Promise<number[] | null> {
  const offsetOf = (name: string) => symbols.find((symbol) => symbol.name === name)?.offset ?? null;
  const [start, stop] = [offsetOf('__start_mcount_loc'), offsetOf('__stop_mcount_loc')];
  const segments = await segmentsOf(read);
  const [first] = segments;
  if (start === null || stop === null || stop <= start || stop - start > MAX_PLACES * ADDRESS || !first) return null;
  const address = first.address + BigInt(start);
  const holding = segments.find((each) => address >= each.address && address < each.address + BigInt(each.size));
  if (!holding) return null;
  const bytes = await read(holding.offset + Number(address - holding.address), stop - start);
  if (bytes.length < stop - start) return null;
  const places: number[] = [];
  for (let at = 0; at + ADDRESS <= bytes.length; at += ADDRESS) {
    const value = bytes.readBigUInt64LE(at);
    if (value !== 0n) places.push(Number(value - first.address));
  }
  const sorted = places.toSorted((a, b) => a - b);
  const starts = symbols.flatMap(({ offset }) => offset ?? []).toSorted((a, b) => a - b);
  return areNear(sorted, starts) ? sorted : null;
}

// Reads where the functions begin that the kernel can trace: the calls that the compiler put into them. An uncompressed image lists these.
import type { ReadAt } from '../archive/read-at.ts';
import { imageBytes } from './image-bytes.ts';
import type { KernelSymbol } from './kallsyms.ts';

const ADDRESS = 8;
const MAX_PLACES = 1 << 20;
/** A call is behind at most this many bytes of its function: a landing pad, and instructions that save registers. */
const NEAR = 16;
/** The part of all places that must be near a symbol. Otherwise the addresses are not those of this image. */
const MOST = 0.9;

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
  const image = await imageBytes(read);
  const text = image?.text ?? null;
  if (!image || text === null || start === null || stop === null || stop <= start || stop - start > MAX_PLACES * ADDRESS) return null;
  const bytes = await image.at(start, stop - start);
  if (bytes.length < stop - start) return null;
  const places: number[] = [];
  for (let at = 0; at + ADDRESS <= bytes.length; at += ADDRESS) {
    const value = bytes.readBigUInt64LE(at);
    if (value !== 0n) places.push(Number(value - text));
  }
  const sorted = places.toSorted((a, b) => a - b);
  const starts = symbols.flatMap(({ offset }) => offset ?? []).toSorted((a, b) => a - b);
  return areNear(sorted, starts) ? sorted : null;
}

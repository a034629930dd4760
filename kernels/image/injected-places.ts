// Reads which functions a kernel lets others make fail (error injection). Programs may change their results, and most may sleep in them.
import type { ReadAt } from '../archive/read-at.ts';
import { imageBytes } from './image-bytes.ts';
import type { KernelSymbol } from './kallsyms.ts';

/** An address and the kind of its errors. @see struct error_injection_entry in include/asm-generic/error-injection.h */
const ENTRY = 16;
const MAX_ENTRIES = 1 << 16;

/** `none`: the kernel is built without. `unknown`: the image does not show which. Places are distances from `_text`. */
export type InjectedPlaces = 'none' | 'unknown' | ReadonlySet<number>;

/**
 * The functions that are marked for error injection.
 * @param read reads the uncompressed image
 * @param symbols of the same image
 * @see ERROR_INJECT_WHITELIST() in include/asm-generic/vmlinux.lds.h and lib/error-inject.c, which CONFIG_FUNCTION_ERROR_INJECTION builds
 */
export async function injectedPlaces(read: ReadAt, symbols: readonly KernelSymbol[]): Promise<InjectedPlaces> {
  if (!symbols.some(({ name }) => name === 'within_error_injection_list')) return 'none';
  const offsetOf = (name: string) => symbols.find((symbol) => symbol.name === name)?.offset ?? null;
  const [start, stop] = [offsetOf('__start_error_injection_whitelist'), offsetOf('__stop_error_injection_whitelist')];
  const image = await imageBytes(read);
  const text = image?.text ?? null;
  if (!image || text === null || start === null || stop === null || stop <= start || stop - start > MAX_ENTRIES * ENTRY) return 'unknown';
  const bytes = await image.at(start, stop - start);
  if (bytes.length < stop - start) return 'unknown';
  const places = Array.from({ length: Math.floor(bytes.length / ENTRY) }, (_, at) => Number(bytes.readBigUInt64LE(at * ENTRY) - text));
  const starts = new Set(symbols.map(({ offset }) => offset));
  // An image that fills in its addresses when it boots has others here.
  return places.every((place) => starts.has(place)) ? new Set(places) : 'unknown';
}

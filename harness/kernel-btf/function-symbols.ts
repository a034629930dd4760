// The symbols of a kernel: its functions, and which of them it traces; and all other symbols. An index of their names is kept beside the
// kernel in the cache.
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { withFile } from '../../kernels/archive/read-at.ts';
import { KERNEL_FILES } from '../../kernels/image/facts.ts';
import { findKallsyms, type KernelSymbol } from '../../kernels/image/kallsyms.ts';
import { type IdSets, idSets } from '../../kernels/image/id-sets.ts';
import { type InjectedPlaces, injectedPlaces } from '../../kernels/image/injected-places.ts';
import { tracedPlaces } from '../../kernels/image/traced-places.ts';
import { readCached } from '../base/cached-file.ts';
import { InfraError, UserError } from '../base/errors.ts';
import { errorCode, writeFileAtomic } from '../base/files.ts';
import type { FindSymbol, FunctionSymbol, KernelSymbols } from '../core-relo/candidates.ts';
import { rulesIn, rulesLine } from './attach-rules.ts';
import { type SymbolPlace, symbolPlaces } from './symbol-places.ts';

const HEAD = 'corematrix: symbols, format 5';
const NEWLINE = 10;
const SPACE = 32;
/** Types of functions in nm(1). */
const FUNCTIONS: ReadonlySet<string> = new Set(['t', 'T', 'w', 'W']);
/** Space before a function that the kernel can turn into code when it boots. Not indexed, although half of all names begin so. */
const BEFORE_FUNCTION = '__pfx_';
/** What a compiler appends to the name of a function that it changed. The guest's agent knows the same: symbol_lists.c. */
const VARIANT = /^\.(?:isra|constprop|part|llvm)\.|^\.cold/;
const COLD = '.cold';
/** Kernels that LLVM links find a function without this suffix. @see cleanup_symbol_name() in kernel/kallsyms.c */
const OF_LINKER = '.llvm.';

/** What follows a name, after a space each. A space is below every character of a name, so that the order is that of the names. */
const FLAGS = { init: 'init', data: 'data', notrace: 'notrace', injected: 'injected' } as const;
/** Before the number of symbols of a name, if there are several. */
const COUNT = 'x';

/** What is known of a name. */
interface Named {
  place: SymbolPlace;
  /** Whether a program can be attached to any of the functions. */
  isTraced: boolean;
  /** Whether one of the functions is marked for error injection. */
  isInjected: boolean;
  count: number;
}

/** Whether the kernel can trace the function that begins at an offset. */
type IsTraced = (offset: number | null) => boolean;

/** The first position at which ascending numbers are not below a value. */
function positionOf(numbers: ArrayLike<number>, value: number): number {
  let [from, to] = [0, numbers.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((numbers[middle] ?? 0) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** A function is traced if a place that the kernel traces is between its start and the next symbol. @see within_notrace_func() in trace_kprobe.c */
function tracedIn(symbols: readonly KernelSymbol[], places: readonly number[] | null): IsTraced {
  if (places === null) return () => true;
  const starts = Float64Array.from(symbols.flatMap(({ offset }) => offset ?? [])).toSorted();
  return (offset) => {
    if (offset === null) return true;
    const end = starts[positionOf(starts, offset + 1)] ?? Infinity;
    return (places[positionOf(places, offset)] ?? Infinity) < end;
  };
}

/** All names. A name of which one symbol is code that stays counts as such code, and one that is a function as a function. */
function namesOf({ symbols, places, injected }: ImageSymbols): Map<string, Named> {
  const isTraced = tracedIn(symbols, places);
  const placeOf = symbolPlaces(symbols);
  const rank = ['text', 'init', 'data'] as const satisfies readonly SymbolPlace[];
  const names = new Map<string, Named>();
  for (const symbol of symbols) {
    const { name, type, offset } = symbol;
    if (name.startsWith(BEFORE_FUNCTION)) continue;
    const place = FUNCTIONS.has(type) ? placeOf(symbol) : 'data';
    if (place === 'data' && name.includes('.')) continue;
    const known = names.get(name) ?? { place, isTraced: false, isInjected: false, count: 0 };
    known.count++;
    if (rank.indexOf(place) < rank.indexOf(known.place)) known.place = place;
    known.isTraced ||= place === 'text' && isTraced(offset);
    known.isInjected ||= typeof injected === 'object' && offset !== null && injected.has(offset);
    names.set(name, known);
  }
  return names;
}

function lineOf(name: string, { place, isTraced, isInjected, count }: Named): string {
  const marks = [...(isTraced || place !== 'text' ? [] : [FLAGS.notrace]), ...(isInjected ? [FLAGS.injected] : [])];
  const words = [name, ...(place === 'text' ? [] : [FLAGS[place]]), ...marks];
  return [...words, ...(count > 1 ? [COUNT + String(count)] : [])].join(' ');
}

/** A line of rules; lines of names without a dot in their order; an empty line; then those of names with a dot in the order of their addresses. */
function bodyOf(image: ImageSymbols): string {
  const [plain, dotted]: [string[], string[]] = [[], []];
  for (const [name, known] of namesOf(image)) (name.includes('.') ? dotted : plain).push(lineOf(name, known));
  return `${rulesLine(image)}\n${plain.toSorted().join('\n')}\n\n${dotted.join('\n')}\n`;
}

/** What an image shows of a kernel's symbols. */
export interface ImageSymbols {
  symbols: readonly KernelSymbol[];
  /** Places that the kernel traces; null if they are unknown. */
  places: readonly number[] | null;
  injected: InjectedPlaces;
  sets: IdSets | null;
}

/** Symbols of which nothing more is known. */
export function plainSymbols(symbols: readonly KernelSymbol[]): ImageSymbols {
  return { symbols, places: null, injected: 'unknown', sets: null };
}

/**
 * The index of a kernel as a file.
 * @param found null if the image has no symbols
 * @param image digest of the image
 */
export function writeFunctions(found: ImageSymbols | null, image: string): Buffer {
  const body = Buffer.from(found ? bodyOf(found) : '', 'latin1');
  return Buffer.concat([Buffer.from(`${HEAD} ${image} ${crc32(body)}\n`), body]);
}

/** What follows a name in sorted lines; null if they do not have the name. */
function flagsIn(lines: Buffer, name: string): string | null {
  const wanted = Buffer.from(name, 'latin1');
  let [from, to] = [0, lines.length];
  while (from < to) {
    const start = lines.lastIndexOf(NEWLINE, Math.floor((from + to) / 2) - 1) + 1;
    const found = lines.indexOf(NEWLINE, start);
    const end = found < 0 ? lines.length : found;
    const space = lines.indexOf(SPACE, start);
    const nameEnd = space < 0 || space > end ? end : space;
    const order = lines.compare(wanted, 0, wanted.length, start, nameEnd);
    if (order === 0) return lines.toString('latin1', nameEnd, end);
    if (order < 0) from = end + 1;
    else to = start;
  }
  return null;
}

/** The variant that counts: the first one, but the rarely executed part (`.cold`) only if it is the only one. */
function variantIn(dotted: string, name: string): string | null {
  let cold: string | null = null;
  const beginning = `\n${name}.`;
  for (let at = dotted.indexOf(beginning); at >= 0; at = dotted.indexOf(beginning, at + 1)) {
    const variant = dotted.slice(at + 1, dotted.indexOf('\n', at + 1)).replace(/ .*$/, '');
    const suffix = variant.slice(name.length);
    if (!VARIANT.test(suffix)) continue;
    if (!suffix.includes(COLD)) return variant;
    cold ??= variant;
  }
  return cold;
}

/** What follows a name with a dot; null if no line has it. */
function flagsOfDotted(dotted: string, name: string): string | null {
  for (let at = dotted.indexOf(`\n${name}`); at >= 0; at = dotted.indexOf(`\n${name}`, at + 1)) {
    const end = dotted.indexOf('\n', at + 1);
    const rest = dotted.slice(at + 1 + name.length, end);
    if (rest === '' || rest.startsWith(' ')) return rest;
  }
  return null;
}

function symbolOf(flags: string): FunctionSymbol {
  const words = flags.split(' ').slice(1);
  const count = Number(words.find((word) => word.startsWith(COUNT))?.slice(COUNT.length) ?? 1);
  const several = count > 1 ? { count } : {};
  if (words.includes(FLAGS.data)) return { kind: 'data', ...several };
  if (words.includes(FLAGS.init)) return { kind: 'init', ...several };
  return {
    kind: 'found',
    ...several,
    ...(words.includes(FLAGS.notrace) && { isNotrace: true }),
    ...(words.includes(FLAGS.injected) && { isInjected: true }),
  };
}

function finderIn(body: Buffer): FindSymbol {
  const plain = body.subarray(0, body.indexOf('\n\n'));
  const dotted = body.toString('latin1', plain.length + 1);
  return (name): FunctionSymbol => {
    if (name.startsWith(BEFORE_FUNCTION)) return { kind: 'found' };
    const flags = name.includes('.') ? flagsOfDotted(dotted, name) : flagsIn(plain, name);
    if (flags !== null) return symbolOf(flags);
    const variant = variantIn(dotted, name);
    if (variant === null) return { kind: 'missing' };
    return variant.startsWith(name + OF_LINKER) ? { kind: 'found' } : { kind: 'variant', variant };
  };
}

/** Whether a line is that of a function to which a program can attach, and its name matches. @see glob_match() in libbpf.c */
function hasTracedIn(lines: string, pattern: string): boolean {
  const name = pattern.replaceAll('.', '\\.').replaceAll('?', '[^ \\n]').replaceAll(/\*+/g, '[^ \\n]*');
  return new RegExp(`^${name}(?: ${FLAGS.injected})?(?: ${COUNT}\\d+)?$`, 'm').test(lines);
}

export type ReadFunctions =
  /** `symbols` is null if the image has none. */
  | { valid: true; symbols: KernelSymbols | null }
  /** Another version wrote the file, it belongs to another image, or it is damaged. */
  | { valid: false };

/**
 * Reads the index from its file.
 * @param image digest of the image
 */
export function readFunctions(file: Buffer, image: string): ReadFunctions {
  const end = file.indexOf(NEWLINE) + 1;
  const body = file.subarray(end);
  if (end === 0 || file.toString('latin1', 0, end) !== `${HEAD} ${image} ${crc32(body)}\n`) return { valid: false };
  if (body.length === 0) return { valid: true, symbols: null };
  const names = body.indexOf(NEWLINE) + 1;
  const lines = body.subarray(names);
  const hasTraced = (pattern: string) => hasTracedIn(lines.toString('latin1'), pattern);
  return { valid: true, symbols: { find: finderIn(lines), hasTraced, rules: rulesIn(body.toString('latin1', 0, names - 1)) } };
}

/** The symbols in an image; null if it has none, undefined if it cannot be read. */
async function symbolsIn(path: string): Promise<ImageSymbols | null | undefined> {
  try {
    return await withFile(path, async (read, size) => {
      const symbols = await findKallsyms(read, size);
      if (!symbols) return null;
      const [places, injected, sets] = [
        await tracedPlaces(read, symbols),
        await injectedPlaces(read, symbols),
        await idSets(read, symbols),
      ];
      return { symbols, places, injected, sets };
    });
  } catch (error) {
    if (error instanceof UserError || error instanceof InfraError || errorCode(error) !== null) return undefined;
    throw error;
  }
}

/**
 * Finds functions among the symbols of a kernel in the cache. The first call makes the index in about half a second; a cache that cannot be
 * written only costs this time again. Null if its image has no symbols or cannot be read.
 * @param folder of the kernel
 * @param image digest of its image
 */
export async function functionSymbols(folder: string, image: string): Promise<KernelSymbols | null> {
  const path = join(folder, KERNEL_FILES.functions);
  const file = await readCached(path);
  const kept = file && readFunctions(file, image);
  if (kept?.valid === true) return kept.symbols;
  const inVmlinux = await symbolsIn(join(folder, KERNEL_FILES.vmlinux));
  const found = inVmlinux === undefined ? await symbolsIn(join(folder, KERNEL_FILES.image)) : inVmlinux;
  if (found === undefined) return null;
  const made = writeFunctions(found, image);
  await writeFileAtomic(path, made).catch(() => undefined);
  const read = readFunctions(made, image);
  return read.valid ? read.symbols : null;
}

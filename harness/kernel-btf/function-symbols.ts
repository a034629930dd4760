// The functions of a kernel that have a symbol. An index of their names is kept beside the kernel in the cache.
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { withFile } from '../../kernels/archive/read-at.ts';
import { KERNEL_FILES } from '../../kernels/image/facts.ts';
import { findKallsyms, type KernelSymbol } from '../../kernels/image/kallsyms.ts';
import { readCached } from '../base/cached-file.ts';
import { InfraError, UserError } from '../base/errors.ts';
import { errorCode, writeFileAtomic } from '../base/files.ts';
import type { FindSymbol, FunctionSymbol } from '../core-relo/candidates.ts';
import { symbolPlaces } from './symbol-places.ts';

const HEAD = 'corematrix: functions with symbols, format 2';
const NEWLINE = 10;
/** Types of functions in nm(1). */
const FUNCTIONS: ReadonlySet<string> = new Set(['t', 'T', 'w', 'W']);
/** Space before a function that the kernel can turn into code when it boots. Not indexed, although half of all names begin so. */
const BEFORE_FUNCTION = '__pfx_';
/** What a compiler appends to the name of a function that it changed. The guest's agent knows the same: symbol_lists.c. */
const VARIANT = /^\.(?:isra|constprop|part|llvm)\.|^\.cold/;
const COLD = '.cold';
/** Kernels that LLVM links find a function without this suffix. @see cleanup_symbol_name() in kernel/kallsyms.c */
const OF_LINKER = '.llvm.';

/** Follows the name of a function in init memory. Below every character of a name, so that the order is that of the names. */
const INIT = ' init';

/** The line of each function, by name. A name that has code which stays counts as such code. */
function linesOf(symbols: readonly KernelSymbol[]): Iterable<string> {
  const placeOf = symbolPlaces(symbols);
  const lines = new Map<string, string>();
  for (const symbol of symbols) {
    const { name, type } = symbol;
    if (!FUNCTIONS.has(type) || name.startsWith(BEFORE_FUNCTION) || lines.get(name) === name) continue;
    const place = placeOf(symbol);
    if (place !== 'data') lines.set(name, place === 'init' ? name + INIT : name);
  }
  return lines.values();
}

/** Lines of names without a dot in their order, each once; an empty line; then those of names with a dot in the order of their addresses. */
function bodyOf(symbols: readonly KernelSymbol[]): string {
  const [plain, dotted]: [string[], string[]] = [[], []];
  for (const line of linesOf(symbols)) (line.includes('.') ? dotted : plain).push(line);
  return `${plain.toSorted().join('\n')}\n\n${dotted.join('\n')}\n`;
}

/**
 * The index of a kernel as a file.
 * @param symbols null if the image has none
 * @param image digest of the image
 */
export function writeFunctions(symbols: readonly KernelSymbol[] | null, image: string): Buffer {
  const body = Buffer.from(symbols ? bodyOf(symbols) : '', 'latin1');
  return Buffer.concat([Buffer.from(`${HEAD} ${image} ${crc32(body)}\n`), body]);
}

/** Whether sorted lines contain a line. */
function hasLine(lines: Buffer, line: Buffer): boolean {
  let [from, to] = [0, lines.length];
  while (from < to) {
    const start = lines.lastIndexOf(NEWLINE, Math.floor((from + to) / 2) - 1) + 1;
    const found = lines.indexOf(NEWLINE, start);
    const end = found < 0 ? lines.length : found;
    const order = lines.compare(line, 0, line.length, start, end);
    if (order === 0) return true;
    if (order < 0) from = end + 1;
    else to = start;
  }
  return false;
}

/** The variant that counts: the first one, but the rarely executed part (`.cold`) only if it is the only one. */
function variantIn(dotted: string, name: string): string | null {
  let cold: string | null = null;
  const beginning = `\n${name}.`;
  for (let at = dotted.indexOf(beginning); at >= 0; at = dotted.indexOf(beginning, at + 1)) {
    const variant = dotted.slice(at + 1, dotted.indexOf('\n', at + 1)).replace(INIT, '');
    const suffix = variant.slice(name.length);
    if (!VARIANT.test(suffix)) continue;
    if (!suffix.includes(COLD)) return variant;
    cold ??= variant;
  }
  return cold;
}

function finderIn(body: Buffer): FindSymbol {
  const plain = body.subarray(0, body.indexOf('\n\n'));
  const dotted = body.toString('latin1', plain.length + 1);
  const isListed = (name: string) => (name.includes('.') ? dotted.includes(`\n${name}\n`) : hasLine(plain, Buffer.from(name)));
  return (name): FunctionSymbol => {
    if (name.startsWith(BEFORE_FUNCTION) || isListed(name)) return { kind: 'found' };
    if (isListed(name + INIT)) return { kind: 'init' };
    const variant = variantIn(dotted, name);
    if (variant === null) return { kind: 'missing' };
    return variant.startsWith(name + OF_LINKER) ? { kind: 'found' } : { kind: 'variant', variant };
  };
}

export type ReadFunctions =
  /** `find` is null if the image has no symbols. */
  | { valid: true; find: FindSymbol | null }
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
  return { valid: true, find: body.length === 0 ? null : finderIn(body) };
}

/** The symbols in an image; undefined if it cannot be read. */
async function symbolsIn(path: string): Promise<KernelSymbol[] | null | undefined> {
  try {
    return await withFile(path, findKallsyms);
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
export async function functionSymbols(folder: string, image: string): Promise<FindSymbol | null> {
  const path = join(folder, KERNEL_FILES.functions);
  const file = await readCached(path);
  const kept = file && readFunctions(file, image);
  if (kept?.valid === true) return kept.find;
  const inVmlinux = await symbolsIn(join(folder, KERNEL_FILES.vmlinux));
  const symbols = inVmlinux === undefined ? await symbolsIn(join(folder, KERNEL_FILES.image)) : inVmlinux;
  if (symbols === undefined) return null;
  const made = writeFunctions(symbols, image);
  await writeFileAtomic(path, made).catch(() => undefined);
  const read = readFunctions(made, image);
  return read.valid ? read.find : null;
}

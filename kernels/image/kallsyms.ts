// Reads the symbols of a kernel (kallsyms) from its uncompressed image. A stripped image has no symbols that lead to the tables, so they are
// found by their structure.
import type { ReadAt } from '../archive/read-at.ts';
import { search } from './scan.ts';

const TOKENS = 256;
const INDEX_BYTES = 2 * TOKENS;
/** Part of every token table: names contain all digits, so the token of each digit is the digit itself. */
const DIGIT_TOKENS = Buffer.from('0\x001\x002\x003\x004\x005\x006\x007\x008\x009\x00', 'latin1');
const DIGIT_0 = 0x30;
/** KSYM_NAME_LEN of the kernel. No name and no token is longer. */
const MAX_NAME = 512;
/** Bytes of all names together. Those of distributions have less than 10 MiB. */
const MAX_TEXT = 64 << 20;
const NEWLINE = 10;
/** A marker is the place of every 256th name. */
const PER_MARKER = 256;
/** The packed names of one marker: at least a byte of length and one token for each name. */
const MIN_STEP = 2 * PER_MARKER;
const MAX_STEP = PER_MARKER * (MAX_NAME + 2);
/** Tables with fewer than 1,024 symbols are not from a kernel. Those of distributions have more than 100,000. */
const MIN_MARKERS = 4;
const MAX_SYMBOLS = 1 << 20;
/** Limit for candidates for the start of the names, so that a hostile image cannot delay the search. */
const MAX_STARTS = 16;
const MARKER = 4;
const OFFSET = 4;

/** Bytes that the tables may take before and after the tokens of the digits. */
const SPAN = { before: 16 << 20, after: 8 << 20 } as const;
/** Bytes around the tokens of the digits that hold the token table and its index. */
const TABLE_SPAN = 64 << 10;
/** Limit for token tables without names. */
const MAX_TABLES = 4;

/** A symbol of a kernel. */
export interface KernelSymbol {
  name: string;
  /** One character as in nm(1): `T` for a global function, `t` for a local one. */
  type: string;
  /** Distance from `_text` in bytes. Null for an absolute value, and if the table of addresses was not found. */
  offset: number | null;
}

/** The text of each token; null for bytes that are in no name. */
type Tokens = readonly (Buffer | null)[];

interface TokenTable {
  start: number;
  /** The end of its index. */
  end: number;
  tokens: Tokens;
}

interface Names {
  start: number;
  /** Each with its type as the first character. */
  texts: readonly string[];
}

interface NamesPlace {
  start: number;
  /** The number of names. */
  count: number;
}

const alignedUp = (offset: number, to: number) => Math.ceil(offset / to) * to;

/** The tokens if an index at this place fits the table; null if not. */
function tokensWithIndex(bytes: Buffer, digits: number, index: number): TokenTable | null {
  if (index + INDEX_BYTES > bytes.length) return null;
  const start = digits - bytes.readUInt16LE(index + 2 * DIGIT_0);
  if (start < 0) return null;
  const tokens: (Buffer | null)[] = [];
  let from = start;
  for (let token = 0; token < TOKENS; token++) {
    if (start + bytes.readUInt16LE(index + 2 * token) !== from) return null;
    const to = bytes.indexOf(0, from);
    if (to < 0 || to >= index) return null;
    const text = bytes.subarray(from, to);
    tokens.push(text.every((byte) => byte > 0x20 && byte < 0x7f) ? text : null);
    from = to + 1;
  }
  return { start, end: index + INDEX_BYTES, tokens };
}

/** The token table around the tokens of the digits; null if no index that fits follows it. */
function tokenTable(bytes: Buffer, digits: number): TokenTable | null {
  let end = digits;
  for (let token = DIGIT_0; token < TOKENS; token++) {
    const zero = bytes.indexOf(0, end);
    if (zero < 0 || zero - end > MAX_NAME) return null;
    end = zero + 1;
  }
  // The index is aligned to 4 or 8 bytes, but the place of `bytes` in the image is unknown.
  for (let index = end; index < end + 8; index++) {
    const found = tokensWithIndex(bytes, digits, index);
    if (found) return found;
  }
  return null;
}

/** A run of markers. */
interface Markers {
  start: number;
  count: number;
  /** The last marker: where the last 256 names or less begin. */
  last: number;
}

/** The longest run of markers that ends before the token table: 0, then always more. Null if there is none. */
function markersBefore(bytes: Buffer, end: number): Markers | null {
  let longest: Markers | null = null;
  let run: Markers | null = null;
  for (let at = end % MARKER; at + MARKER <= end; at += MARKER) {
    const value = bytes.readUInt32LE(at);
    const step: number = run ? value - run.last : 0;
    run = run && step >= MIN_STEP && step <= MAX_STEP ? { start: run.start, count: run.count + 1, last: value } : null;
    if (!run && value === 0) run = { start: at, count: 1, last: 0 };
    if (run && run.count >= MIN_MARKERS && (!longest || run.count >= longest.count)) longest = run;
  }
  return longest;
}

/**
 * Unpacks names from a place on; null if they do not fit the markers. A length of 128 or more takes two bytes since Linux 6.1.
 * @see kallsyms_expand_symbol() in kernel/kallsyms.c
 */
function namesFrom(bytes: Buffer, { start, count }: NamesPlace, markers: Markers, tokens: Tokens): string[] | null {
  // One text for all names is made faster than a text for each.
  let text = Buffer.alloc(1 << 20);
  let end = 0;
  let at = start;
  for (let index = 0; index < count; index++) {
    if (index % PER_MARKER === 0 && at - start !== bytes.readUInt32LE(markers.start + (index / PER_MARKER) * MARKER)) return null;
    const low = bytes[at++] ?? 0;
    const length = low < 128 ? low : (low & 127) | ((bytes[at++] ?? 0) << 7);
    if (length === 0 || at + length > markers.start) return null;
    if (end + MAX_NAME >= text.length) text = Buffer.concat([text], 2 * text.length);
    const from = end;
    for (const last = at + length; at < last; at++) {
      const token = tokens[bytes[at] ?? 0];
      if (!token || end - from + token.length > MAX_NAME) return null;
      for (let byte = 0; byte < token.length; byte++) text[end++] = token[byte] ?? 0;
    }
    if (end - from < 2 || end > MAX_TEXT) return null;
    text[end++] = NEWLINE;
  }
  return markers.start - at < 8 ? text.toString('latin1', 0, end - 1).split('\n') : null;
}

/**
 * Finds the names, which end where the markers begin. Their number is before them, followed by up to 4 bytes of padding. Null if no number
 * fits.
 */
function namesBefore(bytes: Buffer, markers: Markers, tokens: Tokens): Names | null {
  const [most, least] = [markers.count * PER_MARKER, (markers.count - 1) * PER_MARKER + 1];
  if (most > MAX_SYMBOLS) return null;
  // Names and markers are aligned alike.
  const end = markers.start - alignedUp(markers.last, MARKER);
  let tried = 0;
  for (let start = end - MARKER; start >= Math.max(2 * MARKER, end - MAX_STEP - 2 * MARKER); start -= MARKER) {
    for (const distance of [MARKER, 2 * MARKER]) {
      const count = bytes.readUInt32LE(start - distance);
      if (count < least || count > most) continue;
      if (tried++ === MAX_STARTS) return null;
      const texts = namesFrom(bytes, { start, count }, markers, tokens);
      if (texts) return { start: start - distance, texts };
    }
  }
  return null;
}

/** How one release after another stores addresses. Each returns the address of a symbol relative to an unknown base; null for an absolute one. */
const FORMS: readonly ((value: number, index: number) => number | null)[] = [
  // Before Linux 6.15 on machines with several processors: values of per-CPU variables are absolute, all others are negative.
  (value) => (value < 0 ? -1 - value : null),
  (value) => value >>> 0,
  // Since Linux 7.0, relative to the place in the table. Other forms do not ascend then, because some symbols have the same address.
  (value, index) => value + index * OFFSET,
];

/** The addresses in a table; null if they do not ascend in this form. */
function ascending(bytes: Buffer, start: number, count: number, form: (typeof FORMS)[number]): (number | null)[] | null {
  const addresses: (number | null)[] = [];
  let previous = -Infinity;
  for (let index = 0; index < count; index++) {
    const address = form(bytes.readInt32LE(start + index * OFFSET), index);
    if (address !== null && address < previous) return null;
    previous = address ?? previous;
    addresses.push(address);
  }
  return previous > -Infinity ? addresses : null;
}

/** The addresses from the table after the tokens, or, in kernels before Linux 6.4, before the names. Null if neither ascends. */
function addressesOf(bytes: Buffer, { end }: TokenTable, { start, texts: { length } }: Names): (number | null)[] | null {
  const size = length * OFFSET;
  // The base address, of 8 bytes, is between the table and the number of names. All three are aligned to 8 bytes.
  for (const place of [end, start - 8 - alignedUp(size, 8)]) {
    if (place < 0 || place + size > bytes.length) continue;
    for (const form of FORMS) {
      const addresses = ascending(bytes, place, length, form);
      if (addresses) return addresses;
    }
  }
  return null;
}

/** The symbols whose tables are around a place of DIGIT_TOKENS; null if there are none. */
function symbolsAround(bytes: Buffer, digits: number): KernelSymbol[] | null {
  const table = tokenTable(bytes, digits);
  const markers = table && markersBefore(bytes, table.start);
  const names = markers && namesBefore(bytes, markers, table.tokens);
  if (!names) return null;
  const addresses = addressesOf(bytes, table, names);
  const base = addresses?.[names.texts.findIndex((text) => text.slice(1) === '_text')] ?? null;
  return names.texts.map((text, index) => {
    const address = addresses?.[index] ?? null;
    return { name: text.slice(1), type: text.charAt(0), offset: base === null || address === null ? null : address - base };
  });
}

/**
 * The symbols of a kernel in the order of their addresses; null if it was built without them, or with tables of an unknown form.
 * @param read reads the uncompressed image: an ELF file or a flat image
 * @see scripts/kallsyms.c in the kernel. Up to Linux 6.3, the addresses are before the names, in later releases after the tokens.
 */
export async function findKallsyms(read: ReadAt, size: number): Promise<KernelSymbol[] | null> {
  let tables = 0;
  return search(read, size, DIGIT_TOKENS, async (digits) => {
    const near = Math.max(0, digits - TABLE_SPAN);
    if (tables === MAX_TABLES || !tokenTable(await read(near, 2 * TABLE_SPAN), digits - near)) return null;
    tables++;
    const start = Math.max(0, digits - SPAN.before);
    return symbolsAround(await read(start, SPAN.before + SPAN.after), digits - start);
  });
}

// Finds the parts of a results file of any size without reading it as one string: list items, texts of logs, everything else.
import { isUtf8 } from 'node:buffer';
import { readSync } from 'node:fs';
import { readBytes } from '../harness/results/large-log.ts';
import { type JsonPath, parseJson, repeatedKey } from '../harness/base/json.ts';

const CHUNK = 1 << 20;
const [QUOTE, BACKSLASH, COLON, COMMA] = [0x22, 0x5c, 0x3a, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d];
const NEWLINE = 0x0a;
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, NEWLINE, 0x0d]);
const DELIMITERS: ReadonlySet<number> = new Set([...SPACES, COMMA, CLOSE_LIST, CLOSE]);

/** Bytes of the file: from `start`, up to but without `end`. */
interface Span {
  start: number;
  end: number;
}

/** A value in the file and the keys and positions that lead to it. */
export interface Part extends Span {
  path: JsonPath;
}

/** A place at which the file is not JSON. */
export class JsonFault extends Error {
  readonly position: number;
  /** What is wrong there; null if it is the character itself. */
  readonly problem: string | null;

  constructor(position: number, problem: string | null = null) {
    super(`not JSON at byte ${position}`);
    this.position = position;
    this.problem = problem;
  }
}

/** Reads a file from its start, byte by byte. */
interface ByteReader {
  /** The next byte; -1 at the end of the file. */
  peek: () => number;
  take: () => number;
  position: () => number;
}

function byteReader(file: number): ByteReader {
  const chunk = Buffer.allocUnsafe(CHUNK);
  let [start, end, at] = [0, 0, 0];
  const peek = () => {
    if (at === end) {
      start += end;
      end = readSync(file, chunk, 0, CHUNK, start);
      at = 0;
      if (end === 0) return -1;
    }
    return chunk[at] ?? -1;
  };
  const take = () => {
    const byte = peek();
    if (byte >= 0) at += 1;
    return byte;
  };
  return { peek, take, position: () => start + at };
}

function skipSpace(reader: ByteReader): number {
  while (SPACES.has(reader.peek())) reader.take();
  return reader.peek();
}

function expectByte(reader: ByteReader, ...bytes: readonly number[]): number {
  const byte = skipSpace(reader);
  if (!bytes.includes(byte)) throw new JsonFault(reader.position());
  return reader.take();
}

function skipString(reader: ByteReader): void {
  expectByte(reader, QUOTE);
  for (;;) {
    const byte = reader.take();
    if (byte === QUOTE) return;
    if (byte < 0 || (byte === BACKSLASH && reader.take() < 0)) throw new JsonFault(reader.position());
  }
}

function skipContainer(reader: ByteReader): void {
  let depth = 0;
  do {
    const byte = reader.peek();
    if (byte < 0) throw new JsonFault(reader.position());
    if (byte === QUOTE) skipString(reader);
    else reader.take();
    if (byte === OPEN || byte === OPEN_LIST) depth += 1;
    if (byte === CLOSE || byte === CLOSE_LIST) depth -= 1;
  } while (depth > 0);
}

/** Passes over a value. Only its end is looked for; whether it is JSON shows when it is parsed. */
function skipValue(reader: ByteReader): Span {
  const first = skipSpace(reader);
  const start = reader.position();
  if (first === QUOTE) skipString(reader);
  else if (first === OPEN || first === OPEN_LIST) skipContainer(reader);
  else while (reader.peek() >= 0 && !DELIMITERS.has(reader.peek())) reader.take();
  if (reader.position() === start) throw new JsonFault(start);
  return { start, end: reader.position() };
}

function* items(reader: ByteReader, path: JsonPath): Generator<Part> {
  const start = reader.position();
  expectByte(reader, OPEN_LIST);
  if (skipSpace(reader) === CLOSE_LIST) {
    reader.take();
    yield { path, start, end: reader.position() };
    return;
  }
  for (let index = 0, next = COMMA; next === COMMA; index += 1) {
    yield { path: [...path, index], ...skipValue(reader) };
    next = expectByte(reader, COMMA, CLOSE_LIST);
  }
}

/** The lists whose items are parts, and the objects whose members are. */
const LISTS: ReadonlySet<string> = new Set(['kernels', 'objects', 'cells', 'logs.lines']);
const OBJECTS: ReadonlySet<string> = new Set(['', 'logs', 'logs.texts']);

function* members(reader: ByteReader, path: JsonPath, file: number): Generator<Part> {
  const start = reader.position();
  expectByte(reader, OPEN);
  if (skipSpace(reader) === CLOSE) {
    reader.take();
    yield { path, start, end: reader.position() };
    return;
  }
  const keys = new Set<string>();
  for (let next = COMMA; next === COMMA; next = expectByte(reader, COMMA, CLOSE)) {
    if (skipSpace(reader) !== QUOTE) throw new JsonFault(reader.position());
    const span = skipValue(reader);
    const key = String(parsePart(file, { path, ...span }));
    const inner = [...path, key];
    if (keys.has(key)) throw new JsonFault(span.start, repeatedKey(inner));
    keys.add(key);
    expectByte(reader, COLON);
    const first = skipSpace(reader);
    if (first === OPEN && OBJECTS.has(inner.join('.'))) yield* members(reader, inner, file);
    else if (first === OPEN_LIST && LISTS.has(inner.join('.'))) yield* items(reader, inner);
    else yield { path: inner, ...skipValue(reader) };
  }
}

/**
 * The parts of a results file, in their order.
 * @throws JsonFault where the file is not JSON, or an object above the parts has a key twice
 */
export function* jsonParts(file: number): Generator<Part> {
  const reader = byteReader(file);
  if (skipSpace(reader) !== OPEN) throw new JsonFault(reader.position());
  yield* members(reader, [], file);
  if (skipSpace(reader) >= 0) throw new JsonFault(reader.position());
}

/** The text of a part. */
function partText(file: number, { start, end }: Span): string {
  const bytes = readBytes(file, start, end - start);
  if (!isUtf8(bytes)) throw new JsonFault(start, 'some bytes are not UTF-8');
  return bytes.toString();
}

/**
 * The value of a part.
 * @throws JsonFault where it is not JSON, or has a key twice
 */
export function parsePart(file: number, part: Part): unknown {
  const text = partText(file, part);
  const read = parseJson(text, part.path);
  if (read.ok) return read.value;
  const { line, column, problem } = read;
  const before = text.split('\n').slice(0, line - 1);
  const index = before.reduce((sum, each) => sum + each.length + 1, 0) + column - 1;
  throw new JsonFault(part.start + Buffer.byteLength(text.slice(0, index)), problem);
}

/** Line and column of a fault in a file, both from 1, and what is wrong there. */
export function placeOf(file: number, { position, problem }: JsonFault): { line: number; column: number; problem: string } {
  let [line, lineStart] = [1, 0];
  for (let start = 0; start < position; start += CHUNK) {
    const bytes = readBytes(file, start, Math.min(CHUNK, position - start));
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
      line += 1;
      lineStart = start + at + 1;
    }
  }
  const before = readBytes(file, lineStart, Math.min(CHUNK, position - lineStart)).toString();
  const [found] = readBytes(file, position, 4).toString();
  const other = found === undefined ? 'the file ends too early' : `unexpected "${found}"`;
  return { line, column: before.length + 1, problem: problem ?? other };
}

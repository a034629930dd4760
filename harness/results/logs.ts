// Log texts of a run: each distinct line once in a table in memory, and what is too large for the table in a file.
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { detached } from '../base/detached.ts';
import { type LargeLog, logInMemory, type LogSpool, logSpool } from './large-log.ts';
import type { CellResult, LogStore } from './schema.ts';

/** A longer text, in characters, is no part of the table. */
const MAX_TABLE_TEXT = 1 << 20;
/** A full table takes no more texts; in bytes, about. */
const MAX_TABLE = 96 << 20;
/** What the table needs for a line beside its characters, and for the position of a line in a text. */
const LINE_BYTES = 100;
const POSITION_BYTES = 8;

interface Index {
  lines: Map<string, number>;
  /** Ids by the digest of their text, and of large logs that came from elsewhere. */
  ids: Map<string | LargeLog, string>;
  /** Size of the table in bytes, about. */
  size: number;
  count: number;
  spool: LogSpool;
}

/** What a store has already; rebuilt for a store that was read from a file. */
const indexes = new WeakMap<LogStore, Index>();

function digestOf(text: string): string {
  return createHash('sha256').update(text, 'utf16le').digest('base64');
}

/**
 * An empty store.
 * @param folder where the file of large texts is; null keeps them in memory, for a store that lives shortly
 */
export function createLogStore(folder: string | null = tmpdir()): LogStore {
  const store: LogStore = { lines: [], texts: {} };
  indexes.set(store, { lines: new Map(), ids: new Map(), size: 0, count: 0, spool: folder === null ? logInMemory : logSpool(folder) });
  return store;
}

function indexOf(store: LogStore): Index {
  const known = indexes.get(store);
  if (known) return known;
  const entries = Object.entries(store.texts);
  const index: Index = {
    lines: new Map(store.lines.map((line, at) => [line, at])),
    ids: new Map(entries.map(([id]) => [digestOf(logText(store, id)), id])),
    size: store.lines.reduce((sum, line) => sum + line.length + LINE_BYTES, 0),
    count: entries.length,
    spool: logSpool(tmpdir()),
  };
  indexes.set(store, index);
  return index;
}

function lineNumber(store: LogStore, index: Index, part: string): number {
  const known = index.lines.get(part);
  if (known !== undefined) return known;
  const line = detached(part);
  index.lines.set(line, store.lines.length);
  index.size += line.length + LINE_BYTES;
  return store.lines.push(line) - 1;
}

/** The text as the store keeps it: as positions in the table, or as a large log. */
function stored(store: LogStore, index: Index, text: string): LogStore['texts'][string] {
  if (text.length > MAX_TABLE_TEXT || index.size > MAX_TABLE) return index.spool(text);
  const positions = text.split('\n').map((line) => lineNumber(store, index, line));
  index.size += positions.length * POSITION_BYTES;
  return positions;
}

/** Adds what is not there yet, and returns its id. */
function idOf(store: LogStore, index: Index, key: string | LargeLog, value: () => LogStore['texts'][string]): string {
  const known = index.ids.get(key);
  if (known !== undefined) return known;
  const id = `t${index.count}`;
  store.texts[id] = value();
  index.ids.set(key, id);
  index.count += 1;
  return id;
}

/** Adds a text to the store and returns its id; null for an empty text. Equal texts share an id, regardless of a final newline. */
export function addLog(store: LogStore, text: string): string | null {
  if (text === '') return null;
  const index = indexOf(store);
  const whole = text.replace(/\n$/, '');
  return idOf(store, index, digestOf(whole), () => stored(store, index, whole));
}

/** Adds a log of another store and returns its id; null for null and for unknown ids. The text of a large log stays where it is. */
export function copyLog(store: LogStore, from: LogStore, id: string | null): string | null {
  const log = id === null || !Object.hasOwn(from.texts, id) ? undefined : from.texts[id];
  if (log === undefined) return null;
  return Array.isArray(log) ? addLog(store, logText(from, id)) : idOf(store, indexOf(store), log, () => log);
}

/** The text of an id, lines joined by newlines; '' for null and for unknown ids. */
export function logText(store: LogStore, id: string | null | undefined): string {
  const log = id === null || id === undefined || !Object.hasOwn(store.texts, id) ? [] : (store.texts[id] ?? []);
  return Array.isArray(log) ? log.map((line) => store.lines[line] ?? '').join('\n') : log.read();
}

/** A log of a cell that is not empty. */
export interface LogRef {
  /** The program that the log is about; null for a log of the whole object. */
  program: string | null;
  /** Its key in the schema: `verifier`, `stdout`, ... */
  kind: string;
  /** Its key in `logs.texts`. */
  id: string;
}

/** Every log of a cell that is not empty: those of the object, then those of its programs. */
export function logRefs({ logs, programs }: Pick<CellResult, 'logs' | 'programs'>): LogRef[] {
  const owners = [{ program: null, logs }, ...programs.map(({ name, logs: own }) => ({ program: name, logs: own }))];
  return owners.flatMap(({ program, logs: own }) =>
    Object.entries(own).flatMap(([kind, id]) => (id === null || id === undefined ? [] : [{ program, kind, id }])),
  );
}

/** Copies a cell with every id of a log replaced. */
export function withLogIds(cell: CellResult, replace: (id: string | null) => string | null): CellResult {
  const { libbpf, warnings, verifier, kernel, console, stdout, stderr } = cell.logs;
  return {
    ...cell,
    programs: cell.programs.map((program) => ({
      ...program,
      logs: { libbpf: replace(program.logs.libbpf), verifier: replace(program.logs.verifier) },
    })),
    logs: {
      libbpf: replace(libbpf),
      warnings: replace(warnings),
      verifier: replace(verifier),
      kernel: replace(kernel),
      console: replace(console),
      ...(stdout !== undefined && { stdout: replace(stdout) }),
      ...(stderr !== undefined && { stderr: replace(stderr) }),
    },
  };
}

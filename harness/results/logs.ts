// Log texts of a run, each distinct line kept once.
import type { CellResult, LogStore } from './schema.ts';

interface Index {
  lines: Map<string, number>;
  texts: Map<string, string>;
}

/** Positions of lines and texts in a store; rebuilt for a store that was read from a file. */
const indexes = new WeakMap<LogStore, Index>();

/** An empty store. */
export function createLogStore(): LogStore {
  return { lines: [], texts: {} };
}

function indexOf(store: LogStore): Index {
  const known = indexes.get(store);
  if (known) return known;
  const index: Index = {
    lines: new Map(store.lines.map((line, at) => [line, at])),
    texts: new Map(Object.entries(store.texts).map(([id, lines]) => [lines.join(), id])),
  };
  indexes.set(store, index);
  return index;
}

function lineNumber(store: LogStore, index: Index, line: string): number {
  const known = index.lines.get(line);
  if (known !== undefined) return known;
  index.lines.set(line, store.lines.length);
  return store.lines.push(line) - 1;
}

/** Adds a text to the store and returns its id; null for an empty text. Equal texts share an id, regardless of a final newline. */
export function addLog(store: LogStore, text: string): string | null {
  if (text === '') return null;
  const index = indexOf(store);
  const lines = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => lineNumber(store, index, line));
  const key = lines.join();
  const known = index.texts.get(key);
  if (known !== undefined) return known;
  const id = `t${index.texts.size}`;
  store.texts[id] = lines;
  index.texts.set(key, id);
  return id;
}

/** The text of an id, lines joined by newlines; '' for null and for unknown ids. */
export function logText(store: LogStore, id: string | null | undefined): string {
  const lines = id === null || id === undefined || !Object.hasOwn(store.texts, id) ? undefined : store.texts[id];
  return (lines ?? []).map((line) => store.lines[line] ?? '').join('\n');
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

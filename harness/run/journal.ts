// Writes each finished cell to a line of a file during a run, so that a killed run can be resumed without losing cells.
import { constants, existsSync, openSync } from 'node:fs';
import { appendFile, open, rm, stat, truncate } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UserError } from '../base/errors.ts';
import { makeDirectories, parseCached } from '../base/files.ts';
import { type HeldFile, holdFile, isHeld } from '../base/ownership.ts';
import { readBytes } from '../results/large-log.ts';
import type { CellResult, LogStore } from '../results/schema.ts';
import { type CellIdentity, identityKey, keepCell, type KeptCell, keptCellSchema, restoreCell } from './stored-cell.ts';

/** The name of the journal in the report folder. */
export const JOURNAL_FILE = 'unfinished.jsonl';

export interface Journal {
  /** The cell from an earlier run, with its logs added to `logs`; null if it must be run. */
  find: (identity: CellIdentity, logs: LogStore) => CellResult | null;
  /** Keeps a finished cell. A cell without a verdict is not kept, so that it is tried again. */
  append: (identity: CellIdentity, cell: CellResult, logs: LogStore) => Promise<void>;
  /** Removes the journal, after the report is written. */
  remove: () => Promise<void>;
  /** Lets another run use the journal. One without cells is removed. */
  close: () => Promise<void>;
}

/** Where the entry of a cell is in a journal, in bytes. */
interface Place {
  offset: number;
  length: number;
}

/** The entries of a journal that is resumed. Only their places are in memory. */
interface Entries {
  file: number | null;
  places: ReadonlyMap<string, Place>;
  /** Whether the last line was cut off. */
  isCut: boolean;
}

const CHUNK = 1 << 20;
const NEWLINE = 0x0a;
/** The beginning of an entry, up to the end of its key. */
const ENTRY = /^\{"key":"([0-9a-f]{64})",/;
const ENTRY_START = 80;

/** The places of the lines of an open file. */
function* linePlaces(file: number): Generator<Place & { ended: boolean }> {
  let offset = 0;
  let position = 0;
  for (let chunk = readBytes(file, position, CHUNK); chunk.length > 0; chunk = readBytes(file, position, CHUNK)) {
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, at + 1)) {
      yield { offset, length: position + at - offset, ended: true };
      offset = position + at + 1;
    }
    position += chunk.length;
  }
  if (position > offset) yield { offset, length: position - offset, ended: false };
}

function findEntries(path: string): Entries {
  const places = new Map<string, Place>();
  if (!existsSync(path)) return { file: null, places, isCut: false };
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let isCut = false;
  for (const { offset, length, ended } of linePlaces(file)) {
    isCut = !ended;
    const [, key] = ENTRY.exec(readBytes(file, offset, Math.min(length, ENTRY_START)).toString()) ?? [];
    if (key !== undefined && ended) places.set(key, { offset, length });
  }
  return { file, places, isCut };
}

/** Reads an entry; null if it is not valid. */
function readEntry({ file, places }: Entries, key: string): KeptCell | null {
  const place = places.get(key);
  if (file === null || place === undefined) return null;
  const text = readBytes(file, place.offset, place.length).toString();
  return keptCellSchema.safeParse(parseCached(text)).data ?? null;
}

/** How every line of a journal begins. */
const LINE_START = Buffer.from('{"key":');

/** Refuses a file that is not a journal: it would be removed. */
async function checkJournal(file: string): Promise<void> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => null);
  if (handle === null) return;
  try {
    const facts = await handle.stat();
    const { buffer, bytesRead } = facts.isFile()
      ? await handle.read(Buffer.alloc(LINE_START.length), 0, LINE_START.length, 0)
      : { buffer: Buffer.alloc(0), bytesRead: -1 };
    if (bytesRead === 0 || buffer.equals(LINE_START)) return;
  } finally {
    await handle.close();
  }
  throw new UserError(`${file}: not the journal of an unfinished run; move it away, or choose another folder with --out`);
}

/** Keeps other runs away from the journal. Without its folder a run cannot be resumed, but can go on: writing the report names the reason. */
async function holdJournal(file: string): Promise<HeldFile> {
  await makeDirectories(dirname(file)).catch(() => undefined);
  const held = await holdFile(file).catch((): HeldFile => ({ release: async () => {} }));
  if (held) return held;
  throw inUse(dirname(file));
}

function inUse(folder: string): UserError {
  return new UserError(`${folder}: another run writes its report into this folder; choose another one with --out, or wait for that run`);
}

/**
 * Checks that no run writes its report into a folder at this moment.
 * @throws UserError if one does
 */
export async function checkNoRun(folder: string): Promise<void> {
  if (await isHeld(join(folder, JOURNAL_FILE))) throw inUse(folder);
}

/**
 * Opens the journal of a run.
 * @param resume whether to keep its entries; otherwise it begins empty
 * @throws UserError if another file has its name, or another run uses it
 */
export async function openJournal(file: string, resume: boolean): Promise<Journal> {
  await checkJournal(file);
  const held = await holdJournal(file);
  const entries: Entries = resume ? findEntries(file) : { file: null, places: new Map(), isCut: false };
  if (!resume) await truncate(file).catch(() => undefined);
  // A run that was killed while it wrote left half a line; the next entry must not become a part of it.
  let writing = entries.isCut ? appendFile(file, '\n').catch(() => undefined) : Promise.resolve();
  return {
    find: (identity, logs) => {
      const entry = readEntry(entries, identityKey(identity));
      return entry ? restoreCell(entry, logs) : null;
    },
    append: async (identity, cell, logs) => {
      if (cell.status === 'infra' || cell.status === 'not-run') return;
      const line = `${JSON.stringify(keepCell(identity, cell, logs))}\n`;
      writing = writing.then(async () => appendFile(file, line));
      // On a full disk the run cannot be resumed, but can go on.
      await writing.catch(() => undefined);
    },
    remove: async () => {
      await rm(file, { force: true });
      await held.release();
    },
    close: async () => {
      const size = await stat(file).then(
        (facts) => facts.size,
        () => null,
      );
      if (size === 0) await rm(file, { force: true });
      await held.release();
    },
  };
}

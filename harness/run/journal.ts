// Writes each finished cell to a line of a file during a run, so that a killed run can be resumed without losing cells.
import { constants } from 'node:fs';
import { appendFile, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UserError } from '../base/errors.ts';
import { makeDirectories } from '../base/files.ts';
import type { CellResult, LogStore } from '../results/schema.ts';
import { type CellIdentity, identityKey, keepCell, type KeptCell, keptCellSchema, restoreCell } from './stored-cell.ts';

export interface Journal {
  /** The cell from an earlier run, with its logs added to `logs`; null if it must be run. */
  find: (identity: CellIdentity, logs: LogStore) => CellResult | null;
  /** Keeps a finished cell. A cell without a verdict is not kept, so that it is tried again. */
  append: (identity: CellIdentity, cell: CellResult, logs: LogStore) => Promise<void>;
  /** Removes the journal, after the report is written. */
  remove: () => Promise<void>;
}

/** The entries of a journal. Lines that were cut off or are not valid are skipped. */
async function readEntries(file: string): Promise<Map<string, KeptCell>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const entries = new Map<string, KeptCell>();
  for (const line of text.split('\n')) {
    try {
      const { data } = keptCellSchema.safeParse(JSON.parse(line));
      if (data) entries.set(data.key, data);
    } catch {
      // A run that is killed while it writes leaves half a line.
    }
  }
  return entries;
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

/**
 * Opens the journal of a run.
 * @param resume whether to keep its entries; otherwise it begins empty
 * @throws UserError if another file has its name
 */
export async function openJournal(file: string, resume: boolean): Promise<Journal> {
  await checkJournal(file);
  const entries = resume ? await readEntries(file) : new Map<string, KeptCell>();
  if (!resume) await rm(file, { force: true });
  // Without its folder a run cannot be resumed, but can go on. Writing the report names the reason later.
  await makeDirectories(dirname(file)).catch(() => undefined);
  let writing = Promise.resolve();
  return {
    find: (identity, logs) => {
      const entry = entries.get(identityKey(identity));
      return entry ? restoreCell(entry, logs) : null;
    },
    append: async (identity, cell, logs) => {
      if (cell.status === 'infra' || cell.status === 'not-run') return;
      const line = `${JSON.stringify(keepCell(identity, cell, logs))}\n`;
      writing = writing.then(async () => appendFile(file, line));
      // On a full disk the run cannot be resumed, but can go on.
      await writing.catch(() => undefined);
    },
    remove: async () => rm(file, { force: true }),
  };
}

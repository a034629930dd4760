// Writes each finished cell to a line of a file during a run, so that a killed run can be resumed without losing cells.
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
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

/**
 * Opens the journal of a run.
 * @param resume whether to keep its entries; otherwise it begins empty
 */
export async function openJournal(file: string, resume: boolean): Promise<Journal> {
  const entries = resume ? await readEntries(file) : new Map<string, KeptCell>();
  if (!resume) await rm(file, { force: true });
  // Without its folder a run cannot be resumed, but can go on. Writing the report names the reason later.
  await mkdir(dirname(file), { recursive: true }).catch(() => undefined);
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

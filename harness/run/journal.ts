// Finished cells on disk while a run goes on: a line each, so that a run that is killed can be resumed and none of them is lost.
import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CellResult, LogStore } from '../results/schema.ts';
import { type CellIdentity, identityKey, keepCell, type KeptCell, keptCellSchema, restoreCell } from './stored-cell.ts';

export interface Journal {
  /** The cell of an earlier run, its logs now in `logs`; null when it has to be run. */
  find: (identity: CellIdentity, logs: LogStore) => CellResult | null;
  /** Keeps a finished cell. Cells without a verdict are not kept: they are to be tried again. */
  append: (identity: CellIdentity, cell: CellResult, logs: LogStore) => Promise<void>;
  /** The report is written: nothing is left to resume. */
  remove: () => Promise<void>;
}

/** Entries of a journal; a line that was cut short by the death of its run, or is not one of ours, is skipped. */
async function readEntries(file: string): Promise<Map<string, KeptCell>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const entries = new Map<string, KeptCell>();
  for (const line of text.split('\n')) {
    try {
      const { data } = keptCellSchema.safeParse(JSON.parse(line));
      if (data) entries.set(data.key, data);
    } catch {
      // The last line of a run that was killed while it wrote.
    }
  }
  return entries;
}

/**
 * Opens the journal of a run.
 * @param resume keeps what is in it; otherwise it begins empty
 */
export async function openJournal(file: string, resume: boolean): Promise<Journal> {
  const entries = resume ? await readEntries(file) : new Map<string, KeptCell>();
  if (!resume) await rm(file, { force: true });
  // A folder that cannot be made costs the ability to resume; writing the report says why.
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
      // A disk that is full costs the ability to resume, not the run.
      await writing.catch(() => undefined);
    },
    remove: async () => rm(file, { force: true }),
  };
}

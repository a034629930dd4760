// Verdicts of earlier runs, kept in the cache: a cell about which nothing has changed need not be run again.
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { parseCached, unfinishedPath } from '../base/files.ts';
import type { CellResult, LogStore } from '../results/schema.ts';
import { type CellIdentity, identityKey, keepCell, keptCellSchema, restoreCell } from './stored-cell.ts';

const MAX_BYTES = 256 << 20;

const entrySchema = keptCellSchema.extend({ run: z.string(), at: z.iso.datetime() });

export interface VerdictStore {
  /** The verdict of an earlier run, marked as such, its logs now in `logs`; null when there is none that holds. */
  find: (identity: CellIdentity, logs: LogStore) => Promise<CellResult | null>;
  /** Keeps a verdict, unless it is none, took more than one attempt, or is itself from an earlier run. */
  keep: (identity: CellIdentity, cell: CellResult, logs: LogStore) => Promise<void>;
}

/** Whether the next run would certainly see the same: a guest answered, at once, and its kernel survived. */
function isSteady({ status, class: failure, attempts, flaky, reused }: CellResult): boolean {
  return (status === 'pass' || status === 'fail') && failure !== 'kernel-crash' && attempts.length === 1 && !flaky && reused === undefined;
}

/**
 * The verdicts in a cache.
 * @param run id of the run that keeps verdicts, for those that come after it
 * @param reuse false finds nothing, so that everything is run again, and keeps what comes of it
 */
export function verdictStore(cache: string, run: string, reuse: boolean): VerdictStore {
  const pathOf = (key: string) => join(cache, 'verdicts', `${key}.json.gz`);
  const read = async (key: string) => {
    const packed = await readFile(pathOf(key));
    const text = (await promisify(gunzip)(packed, { maxOutputLength: MAX_BYTES })).toString();
    const { data } = entrySchema.safeParse(parseCached(text));
    return data?.key === key ? data : null;
  };
  return {
    find: async (identity, logs) => {
      // What is missing, damaged or of an older shape is run again.
      const entry = reuse ? await read(identityKey(identity)).catch(() => null) : null;
      return entry && { ...restoreCell(entry, logs), reused: { run: entry.run, at: entry.at } };
    },
    keep: async (identity, cell, logs) => {
      if (!isSteady(cell)) return;
      const entry = { ...keepCell(identity, cell, logs), run, at: new Date().toISOString() } satisfies z.infer<typeof entrySchema>;
      const path = pathOf(entry.key);
      const unfinished = unfinishedPath(path);
      try {
        await mkdir(dirname(path), { recursive: true });
        await writeFile(unfinished, await promisify(gzip)(JSON.stringify(entry), { level: 1 }));
        await rename(unfinished, path);
      } catch {
        // A disk that is full costs time the next time, not this run.
        await rm(unfinished, { force: true }).catch(() => undefined);
      }
    },
  };
}

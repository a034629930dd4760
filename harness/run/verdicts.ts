// Keeps verdicts in the cache, so that a later run need not run a cell again if nothing has changed.
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { z } from 'zod';
import { readCached } from '../base/cached-file.ts';
import { parseCached, unfinishedPath } from '../base/files.ts';
import type { CellResult, LogStore } from '../results/schema.ts';
import { type CellIdentity, identityKey, keepCell, keptCellSchema, restoreCell } from './stored-cell.ts';

const MAX_BYTES = 256 << 20;

const entrySchema = keptCellSchema.extend({ run: z.string(), at: z.iso.datetime() });

export interface VerdictStore {
  /** The verdict of an earlier run, marked as such, with its logs added to `logs`; null if there is no valid one. */
  find: (identity: CellIdentity, logs: LogStore) => Promise<CellResult | null>;
  /** Keeps a verdict. Ignores cells without a verdict, with more than one attempt, from an earlier run, or whose logs had no room in this one. */
  keep: (identity: CellIdentity, cell: CellResult, logs: LogStore) => Promise<void>;
}

/**
 * Whether the next run would certainly get the same verdict and logs: the first guest answered, its kernel survived, and its logs had room in
 * the run.
 */
function isSteady({ status, class: failure, attempts, flaky, reused, logsCut }: CellResult): boolean {
  const isFirst = attempts.length === 1 && !flaky && reused === undefined;
  return (status === 'pass' || status === 'fail') && failure !== 'kernel-crash' && isFirst && logsCut?.limit !== 'run';
}

/**
 * The verdicts in a cache.
 * @param run the id of this run, which is stored with its verdicts
 * @param reuse if false, no verdict is found, so that every cell runs again, and the new verdicts are kept
 */
export function verdictStore(cache: string, run: string, reuse: boolean): VerdictStore {
  const pathOf = (key: string) => join(cache, 'verdicts', `${key}.json.gz`);
  const read = async (key: string) => {
    const packed = await readCached(pathOf(key));
    if (packed === null) return null;
    const text = (await promisify(gunzip)(packed, { maxOutputLength: MAX_BYTES })).toString();
    const { data } = entrySchema.safeParse(parseCached(text));
    return data?.key === key ? data : null;
  };
  return {
    find: async (identity, logs) => {
      // If the entry is missing, damaged or in an older format, the cell runs again.
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
        // On a full disk, the next run takes longer, but this one goes on.
        await rm(unfinished, { force: true }).catch(() => undefined);
      }
    },
  };
}

// Removes from the cache what killed processes left behind, and entries that were not used for some time.
import { lstat, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode } from '../harness/base/files.ts';
import { ifAbandoned, removeAbandoned, removeIfAbandoned } from '../harness/base/ownership.ts';
import { isUnfinished } from '../harness/base/populate.ts';
import { SOURCES } from './registry.ts';

export interface PruneRequest {
  cache: string;
  /** Entries that were used in the last n days stay. */
  keepDays: number;
  /** Remove everything except what running processes write. */
  all: boolean;
  /** Remove nothing; only list what would be removed. */
  dryRun: boolean;
}

export interface PrunedEntry {
  path: string;
  /** Bytes on disk. A sparse file counts with the bytes that it occupies. */
  size: number;
  why: 'unfinished' | 'unused' | 'all';
}

export interface Pruned {
  removed: PrunedEntry[];
  /** Paths that this user may not remove. They stay, perhaps in part. */
  refused: string[];
}

/** The folders of the cache whose entries can be recreated. */
const FOLDERS = [
  'kernels',
  'modules',
  'snapshots',
  'verdicts',
  'packages',
  'downloads',
  ...SOURCES.flatMap(({ cacheFolders }) => cacheFolders),
];
/** Their entries are small and are kept, unless they are unfinished. */
const KEPT_FOLDERS = ['agent', 'libbpf', 'sysroot'];
/** Errors of entries that belong to another user, or lie on a disk that may only be read. */
const REFUSALS: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS']);
const DAY_MS = 24 * 60 * 60 * 1000;

interface Usage {
  size: number;
  /** Time of the last read or write. File systems record reads at least once a day, unless mounted with noatime. */
  lastUsed: number;
}

/** Links are not followed: what they name is not in the cache. */
async function usageOf(path: string): Promise<Usage> {
  const own = await lstat(path).catch(() => null);
  if (!own) return { size: 0, lastUsed: Date.now() };
  if (!own.isDirectory()) return { size: own.blocks * 512, lastUsed: Math.max(own.atimeMs, own.mtimeMs) };
  const names = await readdir(path).catch(() => []);
  const parts = await Promise.all(names.map(async (name) => usageOf(join(path, name))));
  return {
    size: parts.reduce((sum, part) => sum + part.size, own.blocks * 512),
    lastUsed: parts.reduce((last, part) => Math.max(last, part.lastUsed), own.mtimeMs),
  };
}

function reasonToRemove(usage: Usage, request: PruneRequest): PrunedEntry['why'] | null {
  if (request.all) return 'all';
  return Date.now() - usage.lastUsed > request.keepDays * DAY_MS ? 'unused' : null;
}

/**
 * Removes unfinished data of killed processes from a cache, except downloads: the next download of the same file continues them. The
 * folder of a kernel gets files later, too: its configuration.
 */
export async function removeUnfinished(cache: string): Promise<void> {
  const kernels = await readdir(join(cache, 'kernels')).catch(() => []);
  const inKernels = kernels.map((name) => join('kernels', name));
  for (const folder of [...FOLDERS, ...KEPT_FOLDERS, ...inKernels]) await removeAbandoned(join(cache, folder), /\.tmp-[0-9a-f]+$/);
}

/** Removes an entry of the cache, or only returns the reason (`dryRun`). Null if it stays. An unfinished entry stays while its owner lives. */
async function pruneEntry(path: string, usage: Usage, request: PruneRequest): Promise<PrunedEntry['why'] | null> {
  const unfinished = isUnfinished(basename(path));
  const why = unfinished ? await ifAbandoned(path, async () => 'unfinished' as const) : reasonToRemove(usage, request);
  if (why === null || request.dryRun) return why;
  if (unfinished) return (await removeIfAbandoned(path)) ? why : null;
  await rm(path, { recursive: true, force: true });
  return why;
}

/** Removes what the request allows. A later run makes it again if it needs it. */
export async function pruneCache(request: PruneRequest): Promise<Pruned> {
  const removed: PrunedEntry[] = [];
  const refused: string[] = [];
  for (const folder of [...FOLDERS, ...KEPT_FOLDERS]) {
    const all = await readdir(join(request.cache, folder)).catch(() => []);
    const names = KEPT_FOLDERS.includes(folder) ? all.filter(isUnfinished) : all;
    for (const name of names.toSorted((a, b) => (a < b ? -1 : 1))) {
      const path = join(request.cache, folder, name);
      const usage = await usageOf(path);
      const why = await pruneEntry(path, usage, request).catch((error: unknown) => {
        if (!REFUSALS.has(errorCode(error) ?? '')) throw error;
        refused.push(path);
        return null;
      });
      if (why !== null) removed.push({ path, size: usage.size, why });
    }
  }
  return { removed, refused };
}

// Remembers the date of the newest verified index of each suite, so that a mirror cannot replay an older one with its valid signature.
import { join } from 'node:path';
import { readCachedText } from '../../../harness/base/cached-file.ts';
import { parseCached, writeFileAtomic } from '../../../harness/base/files.ts';

/** Not among the folders that `kernels prune` clears: without these dates a replay would be accepted. */
function datePath(cache: string, suite: string): string {
  return join(cache, 'debian', 'dates', `${suite}.json`);
}

/**
 * The date of the newest verified index of a suite; null if none was seen.
 * @param suite name of the suite on one mirror
 */
export async function newestSeen(cache: string, suite: string): Promise<number | null> {
  const known = parseCached((await readCachedText(datePath(cache, suite))) ?? 'null');
  return typeof known === 'number' && Number.isFinite(known) ? known : null;
}

/**
 * Remembers the date of a verified index.
 * @throws InfraError if the cache cannot be written
 */
export async function rememberSeen(cache: string, suite: string, date: number): Promise<void> {
  const before = await newestSeen(cache, suite);
  if (before === null || date > before) await writeFileAtomic(datePath(cache, suite), `${date}\n`);
}

// Reads index files of a suite and keeps only the wanted stanzas, in the cache by the digest of the index.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readCachedText, streamOf } from '../../../harness/base/cached-file.ts';
import { InfraError } from '../../../harness/base/errors.ts';
import { errorCode, parseCached, writeFileAtomic } from '../../../harness/base/files.ts';
import { decompress } from '../../archive/decompress.ts';
import { download } from '../../download/download.ts';
import { collectStanzas } from '../../apt/deb822.ts';
import type { DebianOptions } from './options.ts';
import type { IndexFile } from './release.ts';
import type { Suite } from './suite.ts';

/** The wanted stanzas of an index. */
export interface Selection {
  /** Index file without its compression, for example `main/source/Sources`. */
  index: string;
  /** Name of the selection in the cache. Another rule needs another name. */
  name: string;
  wanted: (stanza: string) => boolean;
}

const COMPRESSED = [
  { ending: 'xz', format: 'xz' },
  { ending: 'gz', format: 'gzip' },
] as const;

const stanzas = z.array(z.string());

async function readKept(path: string): Promise<string[] | null> {
  const text = await readCachedText(path);
  const parsed = stanzas.safeParse(text === null ? null : parseCached(text));
  return parsed.success ? parsed.data : null;
}

interface IndexDownload {
  suite: Suite;
  path: string;
  file: IndexFile;
  target: string;
  signal: AbortSignal | undefined;
}

async function fetchIndex({ suite, path, file, target, signal }: IndexDownload): Promise<void> {
  const folder = `${suite.mirror.base}/dists/${suite.name}`;
  const byHash = `${folder}/${path.slice(0, path.lastIndexOf('/'))}/by-hash/SHA256/${file.sha256}`;
  const urls = suite.byHash ? [byHash, `${folder}/${path}`] : [`${folder}/${path}`];
  for (const url of urls) {
    const result = await download({ url, target, expected: file, signal });
    if (result.kind === 'done') return;
  }
  throw new InfraError(`${folder}/${path}: the Release file lists it, but the mirror does not have it`);
}

/**
 * The wanted stanzas of an index of a suite, in the order of the index; empty if the suite has no such index.
 * @throws InfraError if the index cannot be downloaded
 */
export async function readStanzas(suite: Suite, selection: Selection, options: DebianOptions): Promise<string[]> {
  const found = COMPRESSED.find(({ ending }) => suite.indexes[`${selection.index}.${ending}`]);
  const path = `${selection.index}.${found?.ending ?? ''}`;
  const file = suite.indexes[path];
  if (!found || !file) return [];
  const kept = join(options.cache, 'debian', 'indexes', `${file.sha256}.${selection.name}.json`);
  const cached = await readKept(kept);
  if (cached) return cached;
  const target = join(options.cache, 'downloads', `${file.sha256}.${selection.name}`);
  await fetchIndex({ suite, path, file, target, signal: options.signal });
  try {
    const read = await decompress(
      found.format,
      { input: await streamOf(target), size: file.size },
      `${suite.name}/${path}`,
      async (plain) => collectStanzas(plain, selection.wanted, file.size),
    );
    await writeFileAtomic(kept, JSON.stringify(read));
    await rm(target, { force: true });
    return read;
  } catch (error) {
    // Suites may share an index. The first reader removes the download, but its stanzas are in the cache.
    const others = errorCode(error) === 'ENOENT' ? await readKept(kept) : null;
    if (others) return others;
    throw error;
  }
}

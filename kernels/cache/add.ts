// The kernels in the cache: a folder by the digest of the image, and a note by the digest of the package it came from.
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { InfraError } from '../../harness/base/errors.ts';
import {
  dropAbandoned,
  makeDirectories,
  parseCached,
  populateDirectory,
  unfinishedPath,
  writeFileAtomic,
} from '../../harness/base/files.ts';
import { keepPackedConfig } from './config.ts';
import { extractFromDeb } from '../archive/deb.ts';
import { sha256Of } from '../../harness/base/digest.ts';
import { unpackKernel } from '../image/unpack.ts';
import { readCachedKernel, type CachedKernel } from './cached-kernel.ts';

const MAX_IMAGE = 512 << 20;
const ABSENT_MS = 6 * 60 * 60 * 1000;

const packageNote = z.union([z.strictObject({ image: z.string().regex(/^[0-9a-f]{64}$/) }), z.strictObject({ absentAt: z.number() })]);

/** Folder of the kernel whose image has this digest. */
export function kernelDirectory(cache: string, sha256: string): string {
  return join(cache, 'kernels', sha256);
}

function notePath(cache: string, packageSha256: string): string {
  return join(cache, 'packages', `${packageSha256}.json`);
}

/** What is known of a package: unpacked already, found absent on the mirror within the last hours, or nothing. */
export async function lookUpPackage(cache: string, packageSha256: string): Promise<CachedKernel | 'absent' | null> {
  const text = await readFile(notePath(cache, packageSha256), 'utf8').catch(() => null);
  const note = packageNote.safeParse(text === null ? null : parseCached(text));
  if (!note.success) return null;
  if ('image' in note.data) return readCachedKernel(kernelDirectory(cache, note.data.image));
  const age = Date.now() - note.data.absentAt;
  return age >= 0 && age < ABSENT_MS ? 'absent' : null;
}

/** Remembers for some hours that the mirror does not have a package. */
export async function rememberAbsent(cache: string, packageSha256: string): Promise<void> {
  await writeFileAtomic(notePath(cache, packageSha256), JSON.stringify({ absentAt: Date.now() }));
}

/**
 * Unpacks an image into the cache unless it is there.
 * @param label what errors call it
 * @throws InfraError when it is no kernel or damaged, or the disk cannot hold it
 */
export async function cacheImage(cache: string, source: string, label: string): Promise<CachedKernel> {
  const sha256 = await sha256Of(source);
  const directory = kernelDirectory(cache, sha256);
  const build = async (temporary: string) => {
    await unpackKernel(source, sha256, temporary, label);
  };
  const made = await populateDirectory(directory, build);
  const known = await readCachedKernel(directory);
  if (known) return known;
  if (made === 'existing') {
    // What an older version of this program left there is made anew.
    await rm(directory, { recursive: true, force: true });
    await populateDirectory(directory, build);
  }
  const stored = await readCachedKernel(directory);
  if (!stored) throw new InfraError(`${label}: ${directory} cannot be read back`);
  return stored;
}

/** Where a kernel package has its image: `boot/` until Debian 13, below its modules since 7.2. */
function isImagePath(path: string): boolean {
  return /^boot\/vmlinu[xz]-[^/]+$|^(usr\/)?lib\/modules\/[^/]+\/vmlinu[xz]$/.test(path);
}

/**
 * Unpacks the image of a package into the cache.
 * @param packageSha256 digest of the package, which is then known by it
 * @throws InfraError when the package is damaged or holds no image
 */
export async function cachePackage(cache: string, deb: string, packageSha256: string, label: string): Promise<CachedKernel> {
  const target = join(cache, 'kernels', packageSha256);
  const image = unfinishedPath(target);
  try {
    await dropAbandoned(target);
    await makeDirectories(dirname(image));
    const found = await extractFromDeb({ deb, part: 'data', wanted: isImagePath, maxBytes: MAX_IMAGE, label }, image);
    if (found === null) throw new InfraError(`${label}: the package holds no kernel image`);
    const stored = await cacheImage(cache, image, label);
    await keepPackedConfig(stored, deb, label);
    // Whoever finds the note clears nothing away any more.
    await rm(image, { force: true });
    await writeFileAtomic(notePath(cache, packageSha256), JSON.stringify({ image: stored.sha256 }));
    return (await readCachedKernel(stored.directory)) ?? stored;
  } finally {
    await rm(image, { force: true });
  }
}

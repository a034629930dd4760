// Adds kernels to the cache: an image, or the image in a package.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Of } from '../../harness/base/digest.ts';
import { InfraError } from '../../harness/base/errors.ts';
import { makeFolderBeside, populateDirectory } from '../../harness/base/populate.ts';
import type { Archive } from '../archive/archive.ts';
import { isImagePath } from '../image/paths.ts';
import { unpackKernel } from '../image/unpack.ts';
import { type CachedKernel, kernelDirectory, readCachedKernel } from './cached-kernel.ts';
import { cachePackedConfig } from './config.ts';
import { isStronger } from './kernel-trust.ts';
import type { Trust } from '../trust/trust.ts';
import { rememberImage } from './package-notes.ts';

const MAX_IMAGE = 512 << 20;

/**
 * Unpacks an image into the cache unless it is cached already.
 * @param source path of the image
 * @param label the name of the image in errors
 * @throws InfraError if it is not a kernel or is damaged, or if the disk is full
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
    // Replace a folder that an older version of this program wrote.
    await rm(directory, { recursive: true, force: true });
    await populateDirectory(directory, build);
  }
  const cached = await readCachedKernel(directory);
  if (!cached) throw new InfraError(`${label}: ${directory} cannot be read back`);
  return cached;
}

/** A package with a kernel image. */
export interface ImagePackage {
  archive: Archive;
  /** Digest of the package, its key in the cache. */
  sha256: string;
  /** Its name in errors. */
  label: string;
  /** Who vouches for its digest. */
  trust: Trust;
}

/**
 * Unpacks the image of a package into the cache, with the configuration if the package has one.
 * @throws InfraError if the package is damaged or has no image
 */
export async function cachePackage(cache: string, { archive, sha256, label, trust }: ImagePackage): Promise<CachedKernel> {
  const folder = await makeFolderBeside(kernelDirectory(cache, sha256));
  const image = join(folder.path, 'image');
  try {
    const found = await archive.extractFirst({ wanted: isImagePath, maxBytes: MAX_IMAGE, label }, image);
    if (found === null) throw new InfraError(`${label}: the package has no kernel image`);
    const cached = await cacheImage(cache, image, label);
    // Another package with the same image may have brought another configuration.
    await cachePackedConfig(cached, archive, label, await isStronger(cached.directory, trust));
    // Once the note exists, another process no longer removes the download.
    await rm(image, { force: true });
    await rememberImage(cache, sha256, cached.sha256);
    return (await readCachedKernel(cached.directory)) ?? cached;
  } finally {
    await folder.remove();
  }
}

// Packages from the mirrors of their archive, whichever has them.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../../../harness/base/errors.ts';
import { unfinishedPath } from '../../../harness/base/files.ts';
import { debianMirrors } from './mirror.ts';
import type { PackagePin } from './packages.ts';
import { download } from '../../download/download.ts';
import type { KernelOptions } from '../options.ts';

/** A file of an archive; null where no index says what it must be. */
export type PackageFile = Pick<PackagePin, 'name' | 'archive' | 'path'> & { expected: Pick<PackagePin, 'size' | 'sha256'> | null };

/** More than the largest kernel packages have. */
const MAX_PACKAGE = 512 << 20;

/**
 * Fetches a package to `target`; false when no mirror has it.
 * @throws InfraError when it cannot be had for another reason
 */
export async function fetchPackage(
  { name, archive, path, expected }: PackageFile,
  target: string,
  { mirrors: given, signal }: KernelOptions,
  onProgress?: (bytes: number, total: number) => void,
): Promise<boolean> {
  const mirrors = (await debianMirrors(given)).filter((mirror) => mirror.archive === archive);
  if (mirrors.length === 0) throw new InfraError(`${name} lies in the ${archive} archive, for which no mirror is configured`);
  for (const { base } of mirrors) {
    const result = await download({ url: `${base}/${path}`, target, expected, signal, onProgress, maxBytes: MAX_PACKAGE });
    if (result.kind === 'done') return true;
  }
  return false;
}

/**
 * Fetches a package for as long as `use` runs; null when no mirror has it.
 * @throws InfraError as fetchPackage; whatever `use` throws
 */
export async function withPackage<T>(file: PackageFile, options: KernelOptions, use: (deb: string) => Promise<T>): Promise<T | null> {
  const target = unfinishedPath(join(options.cache, 'downloads', `${file.name}.deb`));
  try {
    return (await fetchPackage(file, target, options)) ? await use(target) : null;
  } finally {
    await rm(target, { force: true });
  }
}

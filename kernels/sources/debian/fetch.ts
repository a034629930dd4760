// Downloads packages from the first mirror of their archive that has them.
import { join } from 'node:path';
import { InfraError } from '../../../harness/base/errors.ts';
import { makeFolderBeside } from '../../../harness/base/populate.ts';
import { download } from '../../download/download.ts';
import type { KernelOptions } from '../options.ts';
import { checkTrust, type Trust } from '../trust.ts';
import { debianMirrors } from './mirror.ts';
import type { KernelPackage, PackagePin } from './packages.ts';

/** A file of an archive. */
export interface PackageFile extends Pick<PackagePin, 'name' | 'archive' | 'path'> {
  /** Null if no index has its digest. */
  expected: Pick<PackagePin, 'size' | 'sha256'> | null;
  /** What vouches for its digest. */
  trust: Trust;
}

/** Larger than all kernel packages. */
const MAX_PACKAGE = 512 << 20;

/** The file of a kernel package. */
export function packageFile({ name, archive, path, size, sha256, trust }: KernelPackage): PackageFile {
  return { name, archive, path, expected: { size, sha256 }, trust };
}

/**
 * Downloads a package to `target`; returns false if no mirror has it.
 * @throws InfraError if it is not trusted or cannot be downloaded for another reason
 */
export async function fetchPackage(
  { name, archive, path, expected, trust }: PackageFile,
  target: string,
  { mirrors: given, signal, unverified }: KernelOptions,
  onProgress?: (bytes: number, total: number) => void,
): Promise<boolean> {
  checkTrust(trust, name, unverified);
  const mirrors = (await debianMirrors(given)).filter((mirror) => mirror.archive === archive);
  if (mirrors.length === 0) throw new InfraError(`${name} is in the ${archive} archive, for which no mirror is configured`);
  for (const { base } of mirrors) {
    const result = await download({ url: `${base}/${path}`, target, expected, signal, onProgress, maxBytes: MAX_PACKAGE });
    if (result.kind === 'done') return true;
  }
  return false;
}

/**
 * Downloads a package and removes it after `use`; returns null if no mirror has it.
 * @throws InfraError as fetchPackage; whatever `use` throws
 */
export async function withPackage<T>(file: PackageFile, options: KernelOptions, use: (deb: string) => Promise<T>): Promise<T | null> {
  const folder = await makeFolderBeside(join(options.cache, 'downloads', `${file.name}.deb`));
  const target = join(folder.path, 'package.deb');
  try {
    return (await fetchPackage(file, target, options)) ? await use(target) : null;
  } finally {
    await folder.remove();
  }
}

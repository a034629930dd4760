// Downloads packages from the first mirror of their archive that has them.
import { join } from 'node:path';
import { InfraError } from '../../../harness/base/errors.ts';
import { makeFolderBeside } from '../../../harness/base/populate.ts';
import { download } from '../../download/download.ts';
import type { KernelOptions } from '../options.ts';
import { mirrorTrust } from '../../trust/mirror-trust.ts';
import type { Trust } from '../../trust/trust.ts';
import { trustAdvice } from './index-trust.ts';
import { debianMirrors, type Mirror } from './mirror.ts';
import type { KernelPackage, PackagePin } from './packages.ts';

/** A file of an archive, with its digest and what vouches for that. `unlisted`: no index has its digest any more. */
export type PackageFile = Pick<PackagePin, 'name' | 'archive' | 'path'> &
  ({ kind: 'listed'; expected: Pick<PackagePin, 'size' | 'sha256'>; trust: Trust } | { kind: 'unlisted' });

/** Larger than all kernel packages. */
const MAX_PACKAGE = 512 << 20;

/** The file of a kernel package. */
export function packageFile({ name, archive, path, size, sha256, trust }: KernelPackage): PackageFile {
  return { kind: 'listed', name, archive, path, expected: { size, sha256 }, trust };
}

/**
 * Checks that the user accepts a mirror that may have an unlisted file.
 * @throws InfraError
 */
export async function checkUnlisted(file: PackageFile, options: KernelOptions): Promise<void> {
  await mirrorsOf(file, options);
}

/** The mirrors to download a file from. A file without a digest comes only from mirrors that the user accepts unverified. */
async function mirrorsOf(file: PackageFile, options: KernelOptions): Promise<Mirror[]> {
  const { name, archive } = file;
  const mirrors = (await debianMirrors(options.mirrors)).filter((mirror) => mirror.archive === archive);
  const [first] = mirrors;
  if (!first) throw new InfraError(`${name} is in the ${archive} archive, for which no mirror is configured`);
  if (file.kind === 'listed') return mirrors;
  const { accepted } = await mirrorTrust(options.trust);
  const usable = mirrors.filter(({ base }) => accepted.includes(base));
  if (usable.length > 0) return usable;
  throw new InfraError(`${name} cannot be verified, because no index lists it any more (${trustAdvice(first.base)})`);
}

/**
 * Downloads a package to `target`; returns false if no mirror has it.
 * @throws InfraError if nothing vouches for it, or it cannot be downloaded for another reason
 */
export async function fetchPackage(
  file: PackageFile,
  target: string,
  options: KernelOptions,
  onProgress?: (bytes: number, total: number) => void,
): Promise<boolean> {
  const { signal } = options;
  const [expected, hosts] = file.kind === 'listed' ? ([file.expected, 'any'] as const) : ([null, 'own'] as const);
  for (const { base } of await mirrorsOf(file, options)) {
    const result = await download({ url: `${base}/${file.path}`, target, expected, hosts, signal, onProgress, maxBytes: MAX_PACKAGE });
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

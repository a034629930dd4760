// Cached kernel modules: one folder for all modules of a package. Most runs never need them.
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InfraError } from '../../harness/base/errors.ts';
import { populateDirectory } from '../../harness/base/populate.ts';
import type { Archive } from '../archive/archive.ts';
import { BUILT_IN_LIST, isBuiltInList, isModulePath } from '../image/paths.ts';
import { packagesWithImage } from './package-notes.ts';

const MAX_MODULE = 64 << 20;

/**
 * A folder with the modules of a package. The first call fills it.
 * @param sha256 digest of the package with the kernel's image
 * @throws InfraError if the disk is full; any error of `fill`
 */
export async function cachedModules(cache: string, sha256: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, 'modules', sha256);
  await populateDirectory(folder, fill);
  return folder;
}

/**
 * The folder with the modules of a cached kernel if an earlier run unpacked them, otherwise null. Downloads nothing. Modules of a package
 * that no index lists are left out, because only the run that used them trusted them.
 */
export async function modulesInCache(cache: string, imageSha256: string): Promise<string | null> {
  return modulesOfPackages(cache, await packagesWithImage(cache, imageSha256));
}

/** The folder with the modules of one of the packages, by their digests, as `modulesInCache` finds it. */
export async function modulesOfPackages(cache: string, packages: readonly string[]): Promise<string | null> {
  const names = packages.length === 0 ? [] : await readdir(join(cache, 'modules')).catch(() => []);
  const found = names.toSorted().find((name) => {
    const [, own = ''] = /^([0-9a-f]{64})(?:-[0-9a-f]{64})?$/.exec(name) ?? [];
    return packages.includes(own);
  });
  return found === undefined ? null : join(cache, 'modules', found);
}

/** A package that may have modules. */
export interface ModulePackage {
  archive: Archive;
  /** Its name in errors. */
  label: string;
}

/**
 * Unpacks all modules of the packages of one kernel into one folder, and the list of those that are part of its image. Names of modules are
 * unique in a kernel; if two packages have a file of one name, the first one counts.
 * @throws InfraError if a package is damaged, or none has modules
 */
export async function unpackModules(packages: readonly ModulePackage[], folder: string): Promise<void> {
  const seen = new Set<string>();
  for (const { archive, label } of packages) {
    const wanted = (path: string) => (isModulePath(path) || isBuiltInList(path)) && !seen.has(basename(path));
    const targetOf = (path: string) => {
      seen.add(basename(path));
      return join(folder, basename(path));
    };
    await archive.extractAll({ wanted, maxBytes: MAX_MODULE, label }, targetOf);
  }
  if ([...seen].some((name) => name !== BUILT_IN_LIST)) return;
  const [first, ...others] = packages.map(({ label }) => label);
  throw new InfraError(
    others.length === 0 ? `${first}: it contains no modules` : `${[first, ...others].join(', ')}: none of them contains modules`,
  );
}

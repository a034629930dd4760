// The modules of a kernel in the cache: one folder for all of a package. Most runs never ask for them.
import { basename, join } from 'node:path';
import { InfraError } from '../../harness/base/errors.ts';
import { populateDirectory } from '../../harness/base/files.ts';
import type { Archive } from '../archive/archive.ts';
import { isModulePath } from '../image/paths.ts';

const MAX_MODULE = 64 << 20;

/**
 * A folder with the modules of a package, filled the first time.
 * @param sha256 digest of the package that the kernel's image came in
 * @throws InfraError when the disk cannot hold them; whatever `fill` throws
 */
export async function cachedModules(cache: string, sha256: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, 'modules', sha256);
  await populateDirectory(folder, fill);
  return folder;
}

/**
 * Unpacks all modules of a package into one folder: their names are unique in a kernel, whatever folder they lie in.
 * @param label what errors call the package
 * @throws InfraError when the package is damaged or has no modules
 */
export async function unpackModules(archive: Archive, label: string, folder: string): Promise<void> {
  const request = { wanted: isModulePath, maxBytes: MAX_MODULE, label };
  const count = await archive.extractAll(request, (path) => join(folder, basename(path)));
  if (count === 0) throw new InfraError(`${label}: there are no modules in it`);
}

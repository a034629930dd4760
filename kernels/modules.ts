// The modules of a kernel, unpacked into the cache from the package that has them; most runs never ask.
import { basename, join } from 'node:path';
import { InfraError } from '../harness/base/errors.ts';
import { populateDirectory } from '../harness/base/files.ts';
import type { KernelPackage } from './sources/debian/packages.ts';
import { findPart } from './sources/debian/parts.ts';
import { withPackage } from './sources/debian/fetch.ts';
import { extractAllFromDeb } from './archive/deb.ts';
import { sha256Of } from '../harness/base/digest.ts';
import { debianOptions, type KernelOptions } from './sources/options.ts';

/** Where a kernel's modules lie: in a Debian package, in a package of the user's own, or in the folder of an image. */
export type ModuleSource = { kind: 'debian'; package: KernelPackage } | { kind: 'deb'; path: string } | { kind: 'folder'; path: string };

const MAX_MODULE = 64 << 20;

function isModulePath(path: string): boolean {
  return /^(?:usr\/)?lib\/modules\/.*\.ko(?:\.(?:gz|xz|zst))?$/.test(path);
}

async function unpack(deb: string, label: string, target: string): Promise<void> {
  const request = { deb, part: 'data', wanted: isModulePath, maxBytes: MAX_MODULE, label } as const;
  // Names of modules are unique in a kernel, whatever folder they lie in.
  const count = await extractAllFromDeb(request, (path) => join(target, basename(path)));
  if (count === 0) throw new InfraError(`${label}: there are no modules in it`);
}

async function fromMirror(one: KernelPackage, options: KernelOptions): Promise<string> {
  const target = join(options.cache, 'modules', one.sha256);
  await populateDirectory(target, async (building) => {
    const file = await findPart('modules', one, debianOptions(options));
    const done = await withPackage(file, options, async (deb) => {
      await unpack(deb, file.name, building);
      return true;
    });
    if (done === null) throw new InfraError(`the modules of ${one.release} are gone from the mirror with ${file.name} ${one.version}`);
  });
  return target;
}

/**
 * A folder with all modules of a kernel, named as in its package, compressed or not.
 * @throws InfraError when they cannot be had
 */
export async function modulesFolder(source: ModuleSource, options: KernelOptions): Promise<string> {
  if (source.kind === 'folder') return source.path;
  if (source.kind === 'debian') return fromMirror(source.package, options);
  const target = join(options.cache, 'modules', await sha256Of(source.path));
  await populateDirectory(target, async (building) => unpack(source.path, basename(source.path), building));
  return target;
}

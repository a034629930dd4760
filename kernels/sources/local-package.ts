// Pulls kernel packages of the user. Distributions split a kernel into packages: those of the same build beside the one with the image give
// its configuration and modules.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { sha256Of } from '../../harness/base/digest.ts';
import type { Archive } from '../archive/archive.ts';
import { cachePackage } from '../cache/add.ts';
import { configBeside, configIn, findConfig, type FoundConfig } from '../cache/config.ts';
import type { CachedKernel } from '../cache/cached-kernel.ts';
import { cachedModules, modulesOfPackages, unpackModules } from '../cache/modules.ts';
import { cachedPackage, isPackageCached } from '../cache/package-notes.ts';
import type { Trust } from '../trust/trust.ts';
import type { PathOrigin, PathSelector } from './local-file.ts';
import type { Delivery, SourceKernel, SourceOperations } from './source.ts';
import type { KernelOptions } from './options.ts';

/** A format of packages. */
export interface PackageFormat {
  /** Plans the kernel of a package. */
  plan: (selector: PathSelector) => Promise<SourceKernel<PathOrigin>[]>;
  /** @throws InfraError if a package on disk is damaged in a way that its archive does not notice */
  check: (path: string, label: string) => Promise<void>;
  archive: (path: string) => Archive;
  /** Paths of the packages beside one with an image that belong to the same build. They may have its configuration and modules. */
  companions: (path: string) => Promise<string[]>;
}

const OWN = { kind: 'own' } as const satisfies Trust;

/** The operations of a source whose selectors name packages on disk. */
export function packageOperations({ plan, check, archive, companions }: PackageFormat): SourceOperations<PathSelector, PathOrigin> {
  const pull = async (kernel: SourceKernel<PathOrigin>, { cache }: KernelOptions): Promise<Delivery<PathOrigin>> => {
    const { path } = kernel.origin;
    const sha256 = await sha256Of(path);
    const known = await cachedPackage(cache, sha256);
    if (known) return { kernel, cached: known, notes: [] };
    await check(path, kernel.selector);
    return { kernel, cached: await cachePackage(cache, { archive: archive(path), sha256, label: kernel.selector, trust: OWN }), notes: [] };
  };
  const config = async ({ path }: PathOrigin, cached: CachedKernel): Promise<FoundConfig> => {
    const { config: found, notes } = await findConfig(cached, async () => {
      for (const each of [path, ...(await companions(path))]) {
        const text = await configIn(archive(each), each);
        if (text) return { text, keptAs: 'config of the kernel' };
      }
      return null;
    });
    return { config: found ?? (await configBeside(path, cached.release)), notes };
  };
  /** The name of the modules in the cache: the digest of the package with the image, and one of its companions. */
  const modulesKey = async (path: string, beside: readonly string[]): Promise<string> => {
    const own = await sha256Of(path);
    if (beside.length === 0) return own;
    const digests = await Promise.all(beside.map(async (each) => sha256Of(each)));
    return `${own}-${createHash('sha256').update(digests.join()).digest('hex')}`;
  };
  const modules = async ({ path }: PathOrigin, { cache }: KernelOptions): Promise<string> => {
    const beside = await companions(path);
    return cachedModules(cache, await modulesKey(path, beside), async (folder) => {
      for (const each of beside) await check(each, each);
      await unpackModules(
        [path, ...beside].map((each) => ({ archive: archive(each), label: basename(each) })),
        folder,
      );
    });
  };
  return {
    planner: () => plan,
    isCached: async ({ path }, cache) => isPackageCached(cache, await sha256Of(path)),
    verify: () => OWN,
    pull,
    config,
    modules,
    cachedModules: async ({ path }, cache) => modulesOfPackages(cache, [await sha256Of(path)]),
    lock: null,
  };
}

// All kernels in the cache, from every source.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readCachedKernel, type CachedKernel } from './cached-kernel.ts';
import { compareKernelVersions, parseKernelVersion } from '../../harness/base/kernel-version.ts';

/** Every unpacked kernel in version order; [] without a cache. */
export async function cachedKernels(cache: string): Promise<CachedKernel[]> {
  const folder = join(cache, 'kernels');
  const names = await readdir(folder).catch(() => []);
  const stored = await Promise.all(
    names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map(async (name) => readCachedKernel(join(folder, name))),
  );
  return stored
    .flatMap((kernel) => kernel ?? [])
    .toSorted(
      (a, b) => compareKernelVersions(parseKernelVersion(a.version), parseKernelVersion(b.version)) || (a.sha256 < b.sha256 ? -1 : 1),
    );
}

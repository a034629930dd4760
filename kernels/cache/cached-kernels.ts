// All kernels in the cache that this run trusts, from every source.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readCachedKernel, type CachedKernel } from './cached-kernel.ts';
import { compareKernelVersions, parseKernelVersion } from '../../harness/base/kernel-version.ts';
import { mirrorTrust } from '../trust/mirror-trust.ts';
import { type MirrorTrust, stillVouches } from '../trust/trust.ts';
import { kernelTrust } from './kernel-trust.ts';

/** Every unpacked kernel in the cache by whether this run trusts it, each list in version order. */
export interface KernelsInCache {
  trusted: CachedKernel[];
  /** Those of `trusted` that an archive or a lock file vouches for. A file of the user can differ from the release that it names. */
  archived: CachedKernel[];
  /** Kernels of an older version of this program, or of a mirror that only another run accepted. A pull checks them. */
  unverified: CachedKernel[];
}

function compare(a: CachedKernel, b: CachedKernel): number {
  return compareKernelVersions(parseKernelVersion(a.version), parseKernelVersion(b.version)) || (a.sha256 < b.sha256 ? -1 : 1);
}

type Standing = 'archived' | 'own' | 'unverified';

async function standingOf({ directory }: CachedKernel, policy: MirrorTrust): Promise<Standing> {
  const trust = await kernelTrust(directory);
  if (trust === null || !stillVouches(trust, policy)) return 'unverified';
  return trust.kind === 'own' ? 'own' : 'archived';
}

/**
 * Every unpacked kernel; empty lists without a cache. What the user trusts comes from the environment.
 * @throws UserError if a key file of the user cannot be read
 */
export async function kernelsInCache(cache: string): Promise<KernelsInCache> {
  const folder = join(cache, 'kernels');
  const policy = await mirrorTrust();
  const names = (await readdir(folder).catch(() => [])).filter((name) => /^[0-9a-f]{64}$/.test(name));
  const stored = await Promise.all(
    names.map(async (name) => {
      const kernel = await readCachedKernel(join(folder, name));
      return kernel && { kernel, standing: await standingOf(kernel, policy) };
    }),
  );
  const found = stored.flatMap((one) => one ?? []);
  const listed = (...wanted: readonly Standing[]) =>
    found.flatMap((one) => (wanted.includes(one.standing) ? [one.kernel] : [])).toSorted(compare);
  return { trusted: listed('archived', 'own'), archived: listed('archived'), unverified: listed('unverified') };
}

/** The kernels in the cache that this run trusts, in version order. */
export async function cachedKernels(cache: string): Promise<CachedKernel[]> {
  return (await kernelsInCache(cache)).trusted;
}

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
  /** Kernels of an older version of this program, or of a mirror that only another run accepted. A pull checks them. */
  unverified: CachedKernel[];
}

function compare(a: CachedKernel, b: CachedKernel): number {
  return compareKernelVersions(parseKernelVersion(a.version), parseKernelVersion(b.version)) || (a.sha256 < b.sha256 ? -1 : 1);
}

async function isTrusted({ directory }: CachedKernel, policy: MirrorTrust): Promise<boolean> {
  const trust = await kernelTrust(directory);
  return trust !== null && stillVouches(trust, policy);
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
      return kernel && { kernel, trusted: await isTrusted(kernel, policy) };
    }),
  );
  const found = stored.flatMap((one) => one ?? []);
  const listed = (trusted: boolean) => found.flatMap((one) => (one.trusted === trusted ? [one.kernel] : [])).toSorted(compare);
  return { trusted: listed(true), unverified: listed(false) };
}

/** The kernels in the cache that this run trusts, in version order. */
export async function cachedKernels(cache: string): Promise<CachedKernel[]> {
  return (await kernelsInCache(cache)).trusted;
}

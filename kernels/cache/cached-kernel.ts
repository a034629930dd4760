// One kernel in the cache. Its folder has the name of the image's digest and contains the files of `KERNEL_FILES`.
import { join } from 'node:path';
import { readCachedText } from '../../harness/base/cached-file.ts';
import { parseCached } from '../../harness/base/files.ts';
import { KERNEL_FILES, type KernelFacts, readFacts } from '../image/facts.ts';

/** An unpacked kernel in the cache. */
export interface CachedKernel extends KernelFacts {
  directory: string;
}

/** The folder of the kernel whose image has this digest. */
export function kernelDirectory(cache: string, sha256: string): string {
  return join(cache, 'kernels', sha256);
}

/** The kernel in a folder of the cache; null if the folder is missing or was written by another version. */
export async function readCachedKernel(directory: string): Promise<CachedKernel | null> {
  const text = await readCachedText(join(directory, KERNEL_FILES.facts));
  const facts = readFacts(text === null ? null : parseCached(text));
  return facts && { ...facts, directory };
}

/** A text file with a configuration. */
export interface KernelConfig {
  path: string;
  size: number;
  sha256: string;
}

/** The cached configuration of a kernel; null if it has none. */
export function cachedConfig({ config, directory }: CachedKernel): KernelConfig | null {
  return config ? { ...config, path: join(directory, KERNEL_FILES.config) } : null;
}

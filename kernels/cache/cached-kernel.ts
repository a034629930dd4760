// One kernel in the cache: its folder is named after the digest of its image and holds the files of `KERNEL_FILES`.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCached } from '../../harness/base/files.ts';
import { KERNEL_FILES, type KernelFacts, readFacts } from '../image/facts.ts';

/** An unpacked kernel in the cache. */
export interface CachedKernel extends KernelFacts {
  directory: string;
}

/** Folder of the kernel whose image has this digest. */
export function kernelDirectory(cache: string, sha256: string): string {
  return join(cache, 'kernels', sha256);
}

/** The kernel in a folder of the cache, or null when the folder is missing or not as this version writes it. */
export async function readCachedKernel(directory: string): Promise<CachedKernel | null> {
  const text = await readFile(join(directory, KERNEL_FILES.facts), 'utf8').catch(() => null);
  const facts = readFacts(text === null ? null : parseCached(text));
  return facts && { ...facts, directory };
}

/** A configuration as text, in a file. */
export interface KernelConfig {
  path: string;
  size: number;
  sha256: string;
}

/** The configuration in the cache beside a kernel, or null when it has none. */
export function cachedConfig({ config, directory }: CachedKernel): KernelConfig | null {
  return config ? { ...config, path: join(directory, KERNEL_FILES.config) } : null;
}

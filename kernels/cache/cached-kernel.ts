// A kernel that is in the cache, as its folder tells.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCached } from '../../harness/base/files.ts';
import { KERNEL_FILES, type KernelFacts, readFacts } from '../image/facts.ts';

/** A kernel that is there, unpacked. */
export interface CachedKernel extends KernelFacts {
  directory: string;
}

/** The kernel in a folder of the cache, null when it is not there or not as this version writes it. */
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

/** The configuration kept with a kernel; null when it has none. */
export function keptConfig({ config, directory }: CachedKernel): KernelConfig | null {
  return config ? { ...config, path: join(directory, KERNEL_FILES.config) } : null;
}

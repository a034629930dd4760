// The configuration of a cached kernel. It is searched for once, in the image and where its source keeps it, then cached beside the image.
import { createHash } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readCached } from '../../harness/base/cached-file.ts';
import { messageOf } from '../../harness/base/errors.ts';
import { writeFileAtomic } from '../../harness/base/files.ts';
import { type FileLimit, readUserFile } from '../../harness/base/user-file.ts';
import type { Archive } from '../archive/archive.ts';
import { withFile } from '../archive/read-at.ts';
import { KERNEL_FILES, type KernelFacts } from '../image/facts.ts';
import { findIkconfig, isConfig, MAX_CONFIG } from '../image/ikconfig.ts';
import { isConfigPath } from '../image/paths.ts';
import { cachedConfig, type CachedKernel, type KernelConfig, readCachedKernel } from './cached-kernel.ts';

export const CONFIG_FILE = { kind: 'a kernel configuration', maxBytes: MAX_CONFIG } as const satisfies FileLimit;

/** The result of a search for a configuration. */
export interface FoundConfig {
  /** Null if it was not found. The kernel boots without it. */
  config: KernelConfig | null;
  /** Notes for the user. */
  notes: string[];
}

function describe(text: Uint8Array) {
  return { size: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}

/**
 * The configuration in a package; null if it has none.
 * @param label the name of the package in errors
 * @throws InfraError if the package is damaged
 */
export async function configIn(archive: Archive, label: string): Promise<Buffer | null> {
  const text = await archive.readFirst({ wanted: isConfigPath, maxBytes: MAX_CONFIG, label });
  return text && isConfig(text) ? text : null;
}

/** The file `config-RELEASE` beside an image or package, as in /boot; null if it does not exist. */
export async function configBeside(file: string, release: string): Promise<KernelConfig | null> {
  const path = join(dirname(file), `config-${release}`);
  const text = await readUserFile(path, CONFIG_FILE).catch(() => null);
  return text && isConfig(text) ? { path, ...describe(text) } : null;
}

async function inImage({ directory, vmlinux }: CachedKernel): Promise<Buffer | null> {
  return withFile(join(directory, vmlinux ? KERNEL_FILES.vmlinux : KERNEL_FILES.image), findIkconfig);
}

async function cacheConfig(cached: CachedKernel, text: Buffer | null): Promise<CachedKernel> {
  const { directory, ...facts } = cached;
  const config = text && describe(text);
  if (text) await writeFileAtomic(join(directory, KERNEL_FILES.config), text);
  const known: KernelFacts = { ...facts, config };
  await writeFileAtomic(join(directory, KERNEL_FILES.facts), `${JSON.stringify(known, null, 2)}\n`);
  return (await readCachedKernel(directory)) ?? cached;
}

/**
 * Caches the configuration that is in the same package as the image, while the package is on disk.
 * @param trusted whether the package is trusted more than the one that brought the cached configuration: then it replaces that one.
 * The kernel never loses its configuration on the way, because another process can read the cache at any moment.
 */
export async function cachePackedConfig(cached: CachedKernel, archive: Archive, label: string, trusted: boolean): Promise<void> {
  if (cached.config !== undefined && !trusted) return;
  const text = await configIn(archive, label);
  if (text === null) {
    await forgetConfig(cached);
    return;
  }
  if (cached.config?.sha256 !== describe(text).sha256) await cacheConfig(cached, text);
}

/**
 * A configuration that a source found, and where the cache keeps it. A run with less trust than this one must not use it by chance, so
 * such a configuration is kept under the digest of its package, or not at all (null).
 */
export interface SourceConfig {
  text: Buffer;
  keptAs: 'config of the kernel' | { package: string } | null;
}

function pathOfPackage({ directory }: CachedKernel, sha256: string): string {
  return join(directory, `${KERNEL_FILES.config}-${sha256}`);
}

/** The configuration that came from a package earlier; null if the cache has none. */
export async function configOfPackage(cached: CachedKernel, sha256: string): Promise<Buffer | null> {
  return readCached(pathOfPackage(cached, sha256));
}

async function setAside(cached: CachedKernel, text: Buffer, sha256: string): Promise<KernelConfig> {
  const path = pathOfPackage(cached, sha256);
  await writeFileAtomic(path, text);
  return { path, ...describe(text) };
}

/** Forgets the cached configuration of a kernel, so that the next pull searches for it. */
export async function forgetConfig(cached: CachedKernel): Promise<CachedKernel> {
  const { directory, config, ...facts } = cached;
  if (config === undefined) return cached;
  await writeFileAtomic(join(directory, KERNEL_FILES.facts), `${JSON.stringify(facts, null, 2)}\n`);
  return { ...facts, directory };
}

/**
 * The configuration of a kernel. The first call searches the image, then calls `search`; the result is cached. A failure
 * is only a note, and the next pull searches again.
 * @param search searches the place where the source of the kernel keeps it, and may add notes
 */
export async function findConfig(cached: CachedKernel, search: (notes: string[]) => Promise<SourceConfig | null>): Promise<FoundConfig> {
  if (cached.config !== undefined) return { config: cachedConfig(cached), notes: [] };
  const notes: string[] = [];
  try {
    await access(cached.directory, constants.W_OK);
    const carried = await inImage(cached);
    const found = carried === null ? await search(notes) : null;
    if (found && found.keptAs !== 'config of the kernel') {
      return { config: await setAside(cached, found.text, found.keptAs?.package ?? 'unlisted'), notes };
    }
    const text = carried ?? found?.text ?? null;
    return { config: cachedConfig(await cacheConfig(cached, text)), notes };
  } catch (error) {
    return { config: null, notes: [`its configuration is not available: ${messageOf(error)}`] };
  }
}

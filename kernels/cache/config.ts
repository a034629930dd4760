// The configuration of a kernel that is in the cache: found where it may lie, and kept beside the image.
import { createHash } from 'node:crypto';
import { access, constants, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../harness/base/errors.ts';
import { writeFileAtomic } from '../../harness/base/files.ts';
import { findPart, isWhole } from '../sources/debian/parts.ts';
import type { KernelPackage } from '../sources/debian/packages.ts';
import { withPackage } from '../sources/debian/fetch.ts';
import { readFromDeb } from '../archive/deb.ts';
import { KERNEL_FILES, type KernelFacts } from '../image/facts.ts';
import { findIkconfig, isConfig, MAX_CONFIG } from '../image/ikconfig.ts';
import { withFile } from '../archive/read-at.ts';
import { debianOptions, type KernelOptions } from '../sources/options.ts';
import { type KernelConfig, readCachedKernel, type CachedKernel } from './cached-kernel.ts';

function describe(text: Uint8Array) {
  return { size: text.length, sha256: createHash('sha256').update(text).digest('hex') };
}

/** In `boot/` up to 7.1, below the modules since. */
function isConfigPath(path: string): boolean {
  return /^boot\/config-[^/]+$|^(usr\/)?lib\/modules\/[^/]+\/config$/.test(path);
}

/**
 * The configuration in a package, null when it has none.
 * @throws InfraError when the package is damaged
 */
async function configInDeb(deb: string, label: string): Promise<Buffer | null> {
  const text = await readFromDeb({ deb, part: 'data', wanted: isConfigPath, maxBytes: MAX_CONFIG, label });
  const bytes = text === null ? null : Buffer.from(text);
  return bytes && isConfig(bytes) ? bytes : null;
}

async function inImage({ directory, vmlinux }: CachedKernel): Promise<Buffer | null> {
  return withFile(join(directory, vmlinux ? KERNEL_FILES.vmlinux : KERNEL_FILES.image), findIkconfig);
}

async function keep(stored: CachedKernel, text: Buffer | null): Promise<CachedKernel> {
  const { directory, ...facts } = stored;
  const config = text && describe(text);
  if (text) await writeFileAtomic(join(directory, KERNEL_FILES.config), text);
  const known: KernelFacts = { ...facts, config };
  await writeFileAtomic(join(directory, KERNEL_FILES.facts), `${JSON.stringify(known, null, 2)}\n`);
  return (await readCachedKernel(directory)) ?? stored;
}

interface Completed {
  stored: CachedKernel;
  /** What a reader should know. */
  notes: string[];
}

/**
 * Looks once for the configuration of a kernel, in the image itself and by `search`. What goes wrong on the way costs nothing but the
 * configuration: the kernel boots without.
 */
async function complete(stored: CachedKernel, search: (notes: string[]) => Promise<Buffer | null>): Promise<Completed> {
  if (stored.config !== undefined) return { stored, notes: [] };
  const notes: string[] = [];
  try {
    await access(stored.directory, constants.W_OK);
    const text = (await inImage(stored)) ?? (await search(notes));
    return { stored: await keep(stored, text), notes };
  } catch (error) {
    return { stored, notes: [`its configuration cannot be had: ${messageOf(error)}`] };
  }
}

/** Keeps the configuration that lies in the same package as the image, while that is at hand. */
export async function keepPackedConfig(stored: CachedKernel, deb: string, label: string): Promise<void> {
  const text = stored.config === undefined ? await configInDeb(deb, label) : null;
  if (text) await keep(stored, text);
}

/** A kernel of a Debian package with its configuration, fetched where that lies in another package or the kernel was kept without. */
export async function withPackagedConfig(stored: CachedKernel, one: KernelPackage, options: KernelOptions): Promise<Completed> {
  return complete(stored, async (notes) => {
    const file = await findPart('base', one, debianOptions(options));
    const text = await withPackage(file, options, async (deb) => configInDeb(deb, file.name));
    if (text === null && !isWhole(one)) notes.push(`its configuration is gone from the mirror with ${file.name}`);
    if (text && !file.expected) notes.push(`configuration from ${file.name}, which no index lists any more: its checksum is not known`);
    return text;
  });
}

/** A kernel of a package of the user's own. */
export async function withDebConfig(stored: CachedKernel, deb: string, label: string): Promise<Completed> {
  return complete(stored, async () => configInDeb(deb, label));
}

/** A kernel of a file of the user's own, which says at most itself how it was built. */
export async function withOwnConfig(stored: CachedKernel): Promise<Completed> {
  return complete(stored, async () => null);
}

/** `config-RELEASE` in the folder of an image, as /boot has it; null when there is none. */
export async function configBeside(image: string, release: string): Promise<KernelConfig | null> {
  const path = join(dirname(image), `config-${release}`);
  const text = await readFile(path).catch(() => null);
  return text && text.length <= MAX_CONFIG && isConfig(text) ? { path, ...describe(text) } : null;
}

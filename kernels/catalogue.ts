// The way to a kernel for the rest of the program: plan what selectors mean, then pull each one.
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InfraError } from '../harness/base/errors.ts';
import { errorCode, explainDiskError } from '../harness/base/files.ts';
import { configBeside, withDebConfig, withOwnConfig, withPackagedConfig } from './cache/config.ts';
import { compareDebianVersions } from './apt/debian-version.ts';
import { comparePreference, type KernelPackage } from './sources/debian/packages.ts';
import { fetchPackage } from './sources/debian/fetch.ts';
import { KERNEL_FILES } from './image/facts.ts';
import { sha256Of } from '../harness/base/digest.ts';
import type { ModuleSource } from './modules.ts';
import type { KernelOptions } from './sources/options.ts';
import { packageLister, type PlannedKernel, plannedPackage } from './plan.ts';
import { kernelDirectory, lookUpPackage, rememberAbsent, cacheImage, cachePackage } from './cache/add.ts';
import { type KernelConfig, keptConfig, readCachedKernel, type CachedKernel } from './cache/cached-kernel.ts';
import { compareUpstream, parseKernelVersion } from '../harness/base/kernel-version.ts';

export type { KernelEvent, KernelOptions } from './sources/options.ts';
export { planKernels, type PlannedKernel } from './plan.ts';

/** A kernel that is on disk. What was pulled may be another package than planned: id and version are those of what is there. */
export interface KernelImage extends Omit<PlannedKernel, 'source'> {
  /** Of the image as it was delivered. */
  sha256: string;
  /** What the image's banner says `uname -r` will be; only the guest's word counts. */
  release: string;
  /** The unpacked ELF file; null where the image is flat (arm64). */
  vmlinux: string | null;
  /** bzImage or Image as delivered; null where a vmlinux was. */
  image: string | null;
  btf: { path: string; size: number; sha256: string } | null;
  /** What it was built with, null where that cannot be had. */
  config: KernelConfig | null;
  /** Where its modules can be had. */
  modules: ModuleSource;
  package: { name: string; version: string; path: string; sha256: string } | null;
  /** Things a reader should know: a twin package was taken, an indexed version was gone. */
  notes: string[];
}

type Identity = Omit<PlannedKernel, 'source'>;

function imageOf(identity: Identity, stored: CachedKernel, modules: ModuleSource, notes: string[]): KernelImage {
  const { id, selector, version, series, arch, distribution } = identity;
  if (stored.arch !== arch) throw new InfraError(`${id}: expected a kernel for ${arch}, this one is for ${stored.arch}`);
  const file = (name: string) => join(stored.directory, name);
  return {
    id,
    selector,
    version,
    series,
    arch,
    distribution,
    sha256: stored.sha256,
    release: stored.release,
    vmlinux: stored.vmlinux ? file(KERNEL_FILES.vmlinux) : null,
    image: stored.image ? file(KERNEL_FILES.image) : null,
    btf: stored.btf ? { ...stored.btf, path: file(KERNEL_FILES.btf) } : null,
    config: keptConfig(stored),
    modules,
    package: null,
    notes,
  };
}

/** Whether a planned kernel is in the cache as its first choice, which is then pulled without the network. */
export async function isCached(planned: PlannedKernel, cache: string): Promise<boolean> {
  const { source } = planned;
  if (source.kind === 'file') return (await readCachedKernel(kernelDirectory(cache, await sha256Of(source.path)))) !== null;
  const sha256 = source.kind === 'deb' ? await sha256Of(source.path) : source.candidates[0].sha256;
  const known = await lookUpPackage(cache, sha256);
  return known !== null && known !== 'absent';
}

function title(one: KernelPackage): string {
  return `${one.name} ${one.version}`;
}

/** Another process may fetch the same package: whichever is first clears the download away, but leaves the kernel. */
async function storeDownload(cache: string, path: string, one: KernelPackage): Promise<CachedKernel> {
  try {
    return await cachePackage(cache, path, one.sha256, title(one));
  } catch (error) {
    const others = errorCode(error) === 'ENOENT' ? await lookUpPackage(cache, one.sha256) : null;
    if (others && others !== 'absent') return others;
    throw error;
  }
}

/** A package from the cache or from a mirror; null when no mirror has it. */
async function obtain(one: KernelPackage, id: string, options: KernelOptions): Promise<CachedKernel | null> {
  const { cache, onProgress } = options;
  const known = await lookUpPackage(cache, one.sha256);
  if (known === 'absent') return null;
  const target = join(cache, 'downloads', `${one.sha256}.deb`);
  if (known) {
    // One that was killed after it had noted the package left its download behind; a cache that is read-only may keep it.
    await rm(target, { force: true }).catch(() => undefined);
    return known;
  }
  const file = { ...one, expected: one };
  const isThere = await fetchPackage(file, target, options, (bytes, total) => onProgress?.({ kind: 'download', kernel: id, bytes, total }));
  if (!isThere) {
    await rememberAbsent(cache, one.sha256);
    return null;
  }
  const stored = await storeDownload(cache, target, one);
  await rm(target, { force: true });
  return stored;
}

/** What may stand in for a pinned package that is gone: the nearest newer of its series, then the newest older ones. */
async function standIns(pinned: KernelPackage, options: KernelOptions): Promise<KernelPackage[]> {
  const { series, arch, flavour, sha256 } = pinned;
  const listed = await packageLister(options)(arch);
  const same = listed.filter((one) => one.series === series && one.flavour === flavour && one.sha256 !== sha256);
  const upstream = (one: KernelPackage) => parseKernelVersion(one.upstream);
  const isNewer = (one: KernelPackage) => compareDebianVersions(one.version, pinned.version) >= 0;
  const newer = same.filter(isNewer).toSorted((a, b) => compareUpstream(upstream(a), upstream(b)) || comparePreference(a, b));
  return [...newer, ...same.filter((one) => !isNewer(one))];
}

async function pullDebian(
  planned: PlannedKernel,
  pinned: boolean,
  first: KernelPackage,
  rest: readonly KernelPackage[],
  options: KernelOptions,
) {
  const gone: KernelPackage[] = [];
  const attempt = async (one: KernelPackage): Promise<KernelImage | null> => {
    const identity = { ...plannedPackage(planned.selector, one, [], pinned), ...(gone.length === 0 ? { id: planned.id } : {}) };
    const obtained = await obtain(one, identity.id, options);
    if (!obtained) {
      gone.push(one);
      return null;
    }
    const { stored, notes: said } = await withPackagedConfig(obtained, one, options);
    const list = gone.map(title).join(', ');
    const notes = gone.length === 0 ? [] : [`${list}: ${pinned ? 'pinned' : 'indexed'}, but gone from the mirror; ${title(one)} is used`];
    const { name, version, path, sha256 } = one;
    return {
      ...imageOf(identity, stored, { kind: 'debian', package: one }, [...notes, ...said]),
      package: { name, version, path, sha256 },
    };
  };
  const found = await attempt(first);
  if (found) return found;
  if (options.frozen === true && pinned) {
    throw new InfraError(
      `${title(first)} is pinned, but the mirror does not have it any more; without frozen, the nearest of its series is taken`,
    );
  }
  for (const one of pinned ? await standIns(first, options) : rest) {
    const other = await attempt(one);
    if (other) return other;
  }
  throw new InfraError(`${planned.selector}: the mirror indexes ${gone.map(title).join(', ')}, but has none of them`);
}

async function pullFile(planned: PlannedKernel, path: string, options: KernelOptions): Promise<KernelImage> {
  const { stored, notes } = await withOwnConfig(await cacheImage(options.cache, path, planned.selector));
  const image = imageOf(planned, stored, { kind: 'folder', path: dirname(path) }, notes);
  return { ...image, config: (await configBeside(path, image.release)) ?? image.config };
}

async function pullDeb(planned: PlannedKernel, path: string, options: KernelOptions): Promise<KernelImage> {
  const sha256 = await sha256Of(path);
  const known = await lookUpPackage(options.cache, sha256);
  const kept = known === null || known === 'absent' ? await cachePackage(options.cache, path, sha256, planned.selector) : known;
  const { stored, notes } = await withDebConfig(kept, path, planned.selector);
  const image = imageOf(planned, stored, { kind: 'deb', path }, notes);
  return { ...image, config: image.config ?? (await configBeside(path, image.release)) };
}

/**
 * Brings a planned kernel into the cache; one that is there is returned within milliseconds and without the network. A package that the
 * mirror lost is replaced by the next candidate, which a note says.
 * @throws InfraError when it cannot be had, is damaged or does not fit on the disk; the signal's reason when aborted
 */
export async function pullKernel(planned: PlannedKernel, options: KernelOptions): Promise<KernelImage> {
  const { source } = planned;
  options.signal?.throwIfAborted();
  try {
    if (source.kind === 'file') return await pullFile(planned, source.path, options);
    if (source.kind === 'deb') return await pullDeb(planned, source.path, options);
    const [first, ...rest] = source.candidates;
    return await pullDebian(planned, source.pinned, first, rest, options);
  } catch (error) {
    throw explainDiskError(error, options.cache);
  }
}

// Pulls kernels of a Debian mirror into the cache, with their configuration and modules.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InfraError } from '../../../harness/base/errors.ts';
import { errorCode } from '../../../harness/base/files.ts';
import { compareUpstream, parseKernelVersion } from '../../../harness/base/kernel-version.ts';
import { compareDebianVersions } from '../../apt/debian-version.ts';
import { debArchive } from '../../archive/deb.ts';
import { cachePackage } from '../../cache/add.ts';
import type { CachedKernel } from '../../cache/cached-kernel.ts';
import { configIn, configOfPackage, findConfig, forgetConfig, type FoundConfig, type SourceConfig } from '../../cache/config.ts';
import { kernelTrust } from '../../cache/kernel-trust.ts';
import { cachedModules, modulesOfPackages, unpackModules } from '../../cache/modules.ts';
import { cachedPackage, isPackageCached, lookUpPackage, rememberAbsent } from '../../cache/package-notes.ts';
import { vouchesForAll } from '../../trust/trust.ts';
import type { KernelOptions } from '../options.ts';
import type { Delivery, SourceKernel, SourceOperations } from '../source.ts';
import { checkUnlisted, fetchPackage, type PackageFile, packageFile, withPackage } from './fetch.ts';
import { debianMirrors } from './mirror.ts';
import { debianOptions } from './options.ts';
import { comparePreference, isWhole, type KernelPackage, packageLister } from './packages.ts';
import { debianLock } from './debian-lock.ts';
import { findPart } from './parts.ts';
import { debianKernel, type DebianOrigin, debianPlanner } from './plan.ts';
import type { DebianSelector } from './selector.ts';

function title(one: KernelPackage): string {
  return `${one.name} ${one.version}`;
}

/** Another process may download the same package. The first to finish removes the download, but its kernel is cached. */
async function cacheDownload(cache: string, path: string, one: KernelPackage): Promise<CachedKernel> {
  try {
    return await cachePackage(cache, { archive: debArchive(path), sha256: one.sha256, label: title(one), trust: one.trust });
  } catch (error) {
    const others = errorCode(error) === 'ENOENT' ? await cachedPackage(cache, one.sha256) : null;
    if (others) return others;
    throw error;
  }
}

/** A package from the cache or from a mirror; null if no mirror has it. */
async function obtain(one: KernelPackage, id: string, options: KernelOptions): Promise<CachedKernel | null> {
  const { cache, onProgress } = options;
  const known = await lookUpPackage(cache, one.sha256);
  const bases = async () => (await debianMirrors(options.mirrors)).map(({ base }) => base);
  if (known && 'absentFrom' in known) {
    const { absentFrom } = known;
    if ((await bases()).every((base) => absentFrom.includes(base))) return null;
  }
  const target = join(cache, 'downloads', `${one.sha256}.deb`);
  if (known && !('absentFrom' in known)) {
    // A process that was killed after it noted the package left its download behind. In a read-only cache it stays.
    await rm(target, { force: true }).catch(() => undefined);
    // An older version may have taken the configuration of a split package from a package that no index lists.
    return isWhole(one) || (await kernelTrust(known.directory)) !== null ? known : forgetConfig(known);
  }
  const onBytes = (bytes: number, total: number) => onProgress?.({ kind: 'download', kernel: id, bytes, total });
  if (!(await fetchPackage(packageFile(one), target, options, onBytes))) {
    await rememberAbsent(cache, one.sha256, await bases());
    return null;
  }
  const cached = await cacheDownload(cache, target, one);
  await rm(target, { force: true });
  return cached;
}

/** Replacements for a pinned package that the mirror lost: the nearest newer of its series, then the newest older ones. */
async function replacements(pinned: KernelPackage, options: KernelOptions): Promise<KernelPackage[]> {
  const { series, arch, flavour, sha256 } = pinned;
  const listed = await packageLister(debianOptions(options))(arch);
  const same = listed.filter((one) => one.series === series && one.flavour === flavour && one.sha256 !== sha256);
  const upstream = (one: KernelPackage) => parseKernelVersion(one.upstream);
  const isNewer = (one: KernelPackage) => compareDebianVersions(one.version, pinned.version) >= 0;
  const newer = same.filter(isNewer).toSorted((a, b) => compareUpstream(upstream(a), upstream(b)) || comparePreference(a, b));
  return [...newer, ...same.filter((one) => !isNewer(one))];
}

async function pull(planned: SourceKernel<DebianOrigin>, options: KernelOptions): Promise<Delivery<DebianOrigin>> {
  const { pinned, candidates } = planned.origin;
  const [first, ...rest] = candidates;
  const gone: KernelPackage[] = [];
  const attempt = async (one: KernelPackage): Promise<Delivery<DebianOrigin> | null> => {
    const kernel = debianKernel(planned.selector, { candidates: [one], pinned });
    const cached = await obtain(one, kernel.id, options);
    if (!cached) {
      gone.push(one);
      return null;
    }
    const list = gone.map(title).join(', ');
    const notes =
      gone.length === 0 ? [] : [`${list}: ${pinned ? 'pinned' : 'indexed'}, but no longer on the mirror; ${title(one)} is used`];
    return { kernel, cached, notes };
  };
  const found = await attempt(first);
  if (found) return found;
  if (options.frozen === true && pinned) {
    throw new InfraError(`${title(first)} is pinned, but the mirror no longer has it, and --frozen forbids another kernel of its series`);
  }
  for (const one of pinned ? await replacements(first, options) : rest) {
    const other = await attempt(one);
    if (other) return other;
  }
  throw new InfraError(`${planned.selector}: the mirror indexes ${gone.map(title).join(', ')}, but has none of them`);
}

function keptAsOf(file: PackageFile): SourceConfig['keptAs'] {
  if (file.kind === 'unlisted') return null;
  return vouchesForAll(file.trust) ? 'config of the kernel' : { package: file.expected.sha256 };
}

/** Since 6.19 the configuration and the image are in different packages. */
async function config({ candidates: [one] }: DebianOrigin, cached: CachedKernel, options: KernelOptions): Promise<FoundConfig> {
  return findConfig(cached, async (notes) => {
    const file = await findPart('base', one, debianOptions(options));
    const keptAs = keptAsOf(file);
    const kept = file.kind === 'listed' ? await configOfPackage(cached, file.expected.sha256) : null;
    const text = kept ?? (await withPackage(file, options, async (deb) => configIn(debArchive(deb), file.name)));
    if (text === null && !isWhole(one)) notes.push(`the mirror no longer has ${file.name} with its configuration`);
    if (text && file.kind === 'unlisted')
      notes.push(`configuration from ${file.name}, which no index lists any more: its checksum is unknown`);
    return text && { text, keptAs };
  });
}

/** The name of the modules in the cache: the digest of the kernel's package, and that of their own package. */
function modulesKey(one: KernelPackage, file: PackageFile): string {
  if (isWhole(one)) return one.sha256;
  return `${one.sha256}-${file.kind === 'listed' ? file.expected.sha256 : 'unlisted'}`;
}

/** The package with the modules is looked up in each run, because runs may trust different mirrors. */
async function modules({ candidates: [one] }: DebianOrigin, options: KernelOptions): Promise<string> {
  const file = await findPart('modules', one, debianOptions(options));
  if (file.kind === 'unlisted') await checkUnlisted(file, options);
  return cachedModules(options.cache, modulesKey(one, file), async (folder) => {
    const done = await withPackage(file, options, async (deb) => {
      await unpackModules([{ archive: debArchive(deb), label: file.name }], folder);
      return true;
    });
    if (done === null) throw new InfraError(`the mirror no longer has ${file.name} ${one.version} with the modules of ${one.release}`);
  });
}

export const debianOperations: SourceOperations<DebianSelector, DebianOrigin> = {
  planner: debianPlanner,
  isCached: async ({ candidates: [first] }, cache) => isPackageCached(cache, first.sha256),
  verify: ({ candidates: [first] }) => first.trust,
  pull,
  config,
  modules,
  cachedModules: async ({ candidates: [first] }, cache) => modulesOfPackages(cache, [first.sha256]),
  lock: debianLock,
};

// Finds the BTF for predictions: the cache, kernel images, BTF files and folders. It downloads and starts nothing.
import { readdir, stat } from 'node:fs/promises';
import { release as hostRelease } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { cachedKernels, type KernelsInCache, kernelsInCache } from '../../kernels/cache/cached-kernels.ts';
import { CONFIG_FILE } from '../../kernels/cache/config.ts';
import { kernelTrust } from '../../kernels/cache/kernel-trust.ts';
import { KERNEL_FILES } from '../../kernels/image/facts.ts';
import type { KernelSelector } from '../../kernels/registered.ts';
import { DEFAULT_SELECTOR } from '../../kernels/registry.ts';
import { BTF, CACHED } from '../../kernels/offline-selectors.ts';
import { parseSelector } from '../../kernels/selector.ts';
import { cachedConfig, type CachedKernel } from '../../kernels/cache/cached-kernel.ts';
import { compareKernelVersions, parseKernelVersion, seriesOf, tryParseKernelVersion } from '../base/kernel-version.ts';
import { InfraError, messageOf, UserError } from '../base/errors.ts';
import { readUserFile, reasonOf } from '../base/user-file.ts';
import { safeId, withUniqueIds } from '../base/ids.ts';
import { readBtfFile } from './btf-file.ts';
import type { KernelSymbols, KernelTypes } from '../core-relo/candidates.ts';
import { functionSymbols } from './function-symbols.ts';
import { type IndexFile, indexBytes, indexFileOf, indexWithFile } from './name-index-file.ts';
import type { ModuleNotice } from './modules.ts';

/** The image of a kernel in the cache. */
export interface CachedImage {
  /** The root of the cache. */
  cache: string;
  sha256: string;
}

/** A kernel whose BTF can be read. */
export interface OfflineKernel {
  /** Unique among those found and safe in a path: the release, or the name of the file. */
  id: string;
  selector: string;
  /** The expected `uname -r`, from the image or the file name. */
  release: string | null;
  version: string | null;
  series: string | null;
  arch: 'x86_64' | 'arm64' | null;
  /** The file with the BTF; null for a kernel without BTF. */
  path: string | null;
  /** For BTF in the cache: its digest, and the path of its name index. */
  index: IndexFile | null;
  /** The folder of its modules, which all count as loaded; null if they are unknown. */
  modules: string | null;
  /** Leads to the modules of its package; null or absent for a kernel outside the cache. */
  image?: CachedImage | null;
  /** The file with its configuration; null for a kernel without one, absent if unknown. */
  config?: string | null;
}

/** The public facts of a kernel. The path of the BTF file is deliberately not among them. */
export type KernelFacts = Omit<OfflineKernel, 'path' | 'index' | 'modules' | 'image' | 'config'>;

export function factsOf({ id, selector, release, version, series, arch }: OfflineKernel): KernelFacts {
  return { id, selector, release, version, series, arch };
}

/** The default selector. */
const NEWEST = 'newest of every series';
const BTF_NAME = /\.btf(\.tar\.[a-z0-9]+)?$/;
const HOST_BTF = '/sys/kernel/btf/vmlinux';
/** A folder with this file is a kernel with its modules. */
const VMLINUX = 'vmlinux';
const MAX_FILES = 10_000;

function fromCache(selector: string, stored: CachedKernel, cache: string): OfflineKernel {
  const { release, version, arch, btf, directory, sha256 } = stored;
  // The cache may be older than the support for configurations.
  const config = stored.config === undefined ? {} : { config: cachedConfig(stored)?.path ?? null };
  const series = seriesOf(parseKernelVersion(version));
  const index = btf && { path: join(directory, KERNEL_FILES.names), sha256: btf.sha256 };
  return {
    id: release,
    selector,
    release,
    version,
    series,
    arch,
    path: btf ? join(directory, KERNEL_FILES.btf) : null,
    index,
    modules: null,
    image: { cache, sha256 },
    ...config,
  };
}

/** The newest kernel of every series and architecture; of equal versions, one with BTF. */
function newestOfSeries(stored: readonly CachedKernel[]): CachedKernel[] {
  const newest = new Map<string, CachedKernel>();
  // Ascending versions, so that the newest overwrites the others.
  for (const kernel of stored) {
    const key = `${seriesOf(parseKernelVersion(kernel.version))} ${kernel.arch}`;
    const before = newest.get(key);
    if (!before || kernel.version !== before.version || before.btf === null) newest.set(key, kernel);
  }
  return [...newest.values()];
}

/** The newest of every series among cached kernels that a selector means. */
function newestOf(
  meant: readonly CachedKernel[],
  unverified: readonly CachedKernel[],
  { text }: KernelSelector,
  cache: string,
): OfflineKernel[] {
  const newest = newestOfSeries(meant);
  if (newest.length === 0) {
    const why = unverified.length > 0 ? 'the kernel in the cache is not verified' : 'no such kernel in the cache';
    throw new UserError(`${text}: ${why}; "corematrix kernels pull ${text}" adds it`);
  }
  return newest.map((kernel) => fromCache(text, kernel, cache));
}

function fromFile(selector: string, path: string, modules: string | null = null): OfflineKernel {
  const name = path === HOST_BTF ? hostRelease() : basename(modules ?? path).replace(BTF_NAME, '');
  const parsed = tryParseKernelVersion(name.replace(/^vmlinu[xz]-/, ''));
  return {
    id: safeId(name) || 'btf',
    selector,
    release: parsed ? name.replace(/^vmlinu[xz]-/, '') : null,
    version: parsed ? name.replace(/^vmlinu[xz]-/, '') : null,
    series: parsed ? seriesOf(parsed) : null,
    arch: null,
    path,
    index: null,
    modules,
  };
}

/** A file; a folder with a `vmlinux` and modules; or all `*.btf` and `*.btf.tar.xz` in a folder and those below, as BTFHub lays them out. */
async function fromPath(selector: string, path: string): Promise<OfflineKernel[]> {
  const found = await stat(path).catch(() => null);
  if (path === '') throw new UserError(`kernel selector '${selector}' names no file; expected btf:PATH`);
  if (!found) throw new UserError(`${selector}: no such file`);
  if (!found.isDirectory()) return [fromFile(selector, path)];
  const vmlinux = join(path, VMLINUX);
  if ((await stat(vmlinux).catch(() => null))?.isFile() === true) return [fromFile(selector, vmlinux, resolve(path))];
  const names = await readdir(path, { recursive: true }).catch((error: unknown) => {
    throw new UserError(`${selector}: cannot be read: ${messageOf(error)}`, { cause: error });
  });
  const files = names.filter((name) => BTF_NAME.test(name)).toSorted();
  if (files.length === 0) throw new UserError(`${selector}: no file ending in .btf or .btf.tar.xz in this folder, and no ${VMLINUX}`);
  return files.slice(0, MAX_FILES).map((name) => fromFile(selector, join(path, name)));
}

/**
 * The BTF files of a path by name without ending: the file itself, or all files in a folder and its subfolders.
 * @param shown the path in messages
 * @throws UserError if no file is found
 */
export async function btfFiles(shown: string, path: string): Promise<{ isFolder: boolean; files: { name: string; path: string }[] }> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new UserError(`${shown}: no such file or folder`);
  if (!found.isDirectory()) return { isFolder: false, files: [{ name: basename(path).replace(BTF_NAME, ''), path }] };
  const names = (await readdir(path, { recursive: true })).filter((name) => BTF_NAME.test(name)).toSorted();
  if (names.length === 0) throw new UserError(`${shown}: no file ending in .btf or .btf.tar.xz in this folder`);
  return {
    isFolder: true,
    files: names.slice(0, MAX_FILES).map((name) => ({ name: basename(name).replace(BTF_NAME, ''), path: join(path, name) })),
  };
}

async function fromImage(selector: string, cache: string): Promise<OfflineKernel[]> {
  // The code that unpacks images takes longer to load than a prediction.
  const { planKernels } = await import('../../kernels/plan.ts');
  const { pullKernel } = await import('../../kernels/pull.ts');
  const planned = await planKernels([selector], { cache });
  return Promise.all(
    planned.map(async (kernel) => {
      const { release, version, series, arch, btf, config, sha256 } = await pullKernel(kernel, { cache });
      const files = { path: btf?.path ?? null, index: btf && indexFileOf(btf), modules: null, config: config?.path ?? null };
      return { id: release, selector, release, version, series, arch, image: { cache, sha256 }, ...files };
    }),
  );
}

function emptyCache(unverified: number): UserError {
  if (unverified === 0) return new UserError(`the kernel cache is empty; "corematrix kernels pull ${DEFAULT_SELECTOR}" fills it`);
  return new UserError(`no kernel in the cache is verified; "corematrix kernels pull ${DEFAULT_SELECTOR}" verifies them`);
}

/** Pulls the kernels that a selector means into the cache. */
export type PullMissing = (selector: string) => Promise<void>;

/** Pulls the kernels of a selector; returns what the cache has then. */
async function pulled(selector: string, cache: string, pull: PullMissing): Promise<KernelsInCache> {
  try {
    await pull(selector);
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof InfraError)) throw error;
    const { message } = error;
    const reason = `${selector}: the cache has no such kernel, and it cannot be pulled: ${message}`;
    throw new InfraError(message.startsWith(selector) ? message : reason, { cause: error });
  }
  return kernelsInCache(cache);
}

/** The selector of an archive of which the cache has no kernel; null if there is nothing to pull. */
function missingSelector(text: string, { trusted, archived }: KernelsInCache): string | null {
  if (text === NEWEST) return trusted.length === 0 ? DEFAULT_SELECTOR : null;
  if (text === CACHED || text.startsWith(BTF)) return null;
  const selector = parseSelector(text);
  return selector.source.select(selector, archived)?.length === 0 ? text : null;
}

async function select(text: string, cache: string, { trusted, archived, unverified }: KernelsInCache): Promise<OfflineKernel[]> {
  if (text === CACHED || text === NEWEST) {
    if (trusted.length === 0) throw emptyCache(unverified.length);
    return (text === CACHED ? trusted : newestOfSeries(trusted)).map((kernel) => fromCache(CACHED, kernel, cache));
  }
  if (text.startsWith(BTF)) return fromPath(text, text.slice(BTF.length));
  const selector = parseSelector(text);
  const meant = selector.source.select(selector, archived);
  if (meant === null) return fromImage(text, cache);
  return newestOf(meant, selector.source.select(selector, unverified) ?? [], selector, cache);
}

function compare(a: OfflineKernel, b: OfflineKernel): number {
  const [left, right] = [a, b].map(({ version }) => (version === null ? null : parseKernelVersion(version)));
  if (left && right) return compareKernelVersions(left, right);
  return Number(left === null) - Number(right === null);
}

export interface FoundKernels {
  kernels: OfflineKernel[];
  /** One line for every selector without a kernel; the others are still used. */
  problems: string[];
}

/**
 * The kernels that selectors mean, in version order, each once; without selectors the newest of every series in the cache. A selector of
 * an archive means kernels in the cache. If the cache has none of them, `pull` downloads them first. `forms.ts` has the selectors of BTF that count here beside those of kernels.
 */
export async function findKernels(selectors: readonly string[], cache: string, pull?: PullMissing): Promise<FoundKernels> {
  let stored = await kernelsInCache(cache);
  const found: OfflineKernel[] = [];
  const problems: string[] = [];
  for (const text of selectors.length > 0 ? selectors : [NEWEST]) {
    try {
      const missing = missingSelector(text, stored);
      if (pull && missing !== null) stored = await pulled(missing, cache, pull);
      found.push(...(await select(text, cache, stored)));
    } catch (error) {
      if (!(error instanceof UserError) && !(error instanceof InfraError)) throw error;
      problems.push(error.message);
    }
  }
  const distinct = found.filter((kernel, index) => kernel.path === null || found.findIndex(({ path }) => path === kernel.path) === index);
  return { kernels: withUniqueIds(distinct.toSorted(compare)), problems };
}

/** Reads the symbols of a kernel in the cache, whose folder has the digest of its image as its name. Reads them once. */
function symbolsBeside({ path }: IndexFile): () => Promise<KernelSymbols | null> {
  const folder = dirname(path);
  let found: Promise<KernelSymbols | null> | null = null;
  return async () => (found ??= functionSymbols(folder, basename(folder)));
}

async function configText(file: string): Promise<string> {
  return (await readUserFile(file, CONFIG_FILE)).toString('latin1');
}

/**
 * The newest kernel of every series in the cache that a verified signature vouches for, in version order. A kernel from a file of the user
 * is absent, because it can differ from the release that it names.
 */
export async function signedKernels(cache: string): Promise<OfflineKernel[]> {
  const trusted = await cachedKernels(cache);
  const trusts = await Promise.all(trusted.map(async ({ directory }) => kernelTrust(directory)));
  const signed = trusted.filter((_, index) => trusts[index]?.kind === 'signed');
  return newestOfSeries(signed)
    .map((kernel) => fromCache(CACHED, kernel, cache))
    .toSorted(compare);
}

/**
 * Reads the types of a kernel that has any.
 * @param onModule called for every module whose types cannot be read
 * @throws UserError that names the kernel and the fault of its BTF
 */
export async function readKernelTypes(
  kernel: Pick<OfflineKernel, 'path' | 'selector' | 'id' | 'index' | 'modules' | 'config'>,
  onModule: (notice: ModuleNotice) => void = () => {},
): Promise<KernelTypes | null> {
  const { path, selector, id, index, modules: folder, config: file } = kernel;
  if (path === null) return null;
  const label = selector.startsWith(BTF) ? path : id;
  const bytes = await readBtfFile(path).catch(reasonOf);
  if (typeof bytes === 'string') throw new UserError(`${label}: ${bytes}`);
  const vmlinux = index ? await indexWithFile(bytes, index) : indexBytes(bytes);
  if (typeof vmlinux === 'string') throw new UserError(`${label}: ${vmlinux}`);
  const config = file === undefined ? {} : { config: file === null ? null : await configText(file) };
  const symbols = index ? { readSymbols: symbolsBeside(index) } : {};
  if (folder === null) return { vmlinux, modules: [], ...config, ...symbols };
  const { modulesIn, readModules } = await import('./modules.ts');
  const files = await modulesIn(folder, VMLINUX).catch((error: unknown) => {
    throw new UserError(`${folder}: its modules cannot be read: ${messageOf(error)}`, { cause: error });
  });
  const { modules, notices } = await readModules(files, vmlinux);
  for (const notice of notices) onModule(notice);
  const unreadable = notices.flatMap((notice) => notice.unreadable ?? []);
  return { vmlinux, modules, ...(unreadable.length > 0 && { unreadable }), ...config };
}

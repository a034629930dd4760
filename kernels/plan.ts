// From selectors to kernels: which ones are meant, in true version order, each once. Nothing is fetched but indexes.
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { InfraError, messageOf, UserError } from '../harness/base/errors.ts';
import { kernelVersionOf } from './apt/debian-version.ts';
import { parseStanza } from './apt/deb822.ts';
import type { DebianArch } from './sources/debian/names.ts';
import { comparePreference, type KernelPackage, listKernelPackages, parsePackageName } from './sources/debian/packages.ts';
import { readFromDeb } from './archive/deb.ts';
import { type Arch, inspectImage } from './image/inspect.ts';
import { withFile } from './archive/read-at.ts';
import { debianOptions, type KernelOptions } from './sources/options.ts';
import { type DebianSelector, parseSelector, type Selector } from './selector.ts';
import {
  compareKernelVersions,
  inRange,
  parseKernelVersion,
  seriesOf,
  tryParseKernelVersion,
  upstreamOf,
} from '../harness/base/kernel-version.ts';

/** Where a planned kernel comes from. Packages stand in the order in which they are tried. */
export type KernelSource =
  | { kind: 'debian'; candidates: readonly [KernelPackage, ...KernelPackage[]]; pinned: boolean }
  | { kind: 'file'; path: string }
  | { kind: 'deb'; path: string };

export interface PlannedKernel {
  /** Unique in the plan and safe in a path and a URL fragment: `debian-6.12.117+deb13-cloud-amd64`. */
  id: string;
  selector: string;
  /** Upstream version: `5.10.262`, `7.4-rc3`. */
  version: string;
  series: string;
  arch: Arch;
  distribution: string;
  /** Only optional selectors ask for it. */
  optional?: true;
  source: KernelSource;
}

/** A mirror that lost so many packages that its own index names is not worth more tries. */
const MAX_CANDIDATES = 8;
const MAX_CONTROL = 1 << 20;

const ARCHES = { amd64: 'x86_64', arm64: 'arm64' } as const satisfies Record<DebianArch, Arch>;

/** The planned kernel that a package means. */
export function plannedPackage(selector: string, first: KernelPackage, rest: readonly KernelPackage[], pinned: boolean): PlannedKernel {
  return {
    id: `debian-${first.release}`,
    selector,
    version: first.upstream,
    series: first.series,
    arch: ARCHES[first.arch],
    distribution: 'debian',
    source: { kind: 'debian', candidates: [first, ...rest.slice(0, MAX_CANDIDATES - 1)], pinned },
  };
}

function isSelected(selector: DebianSelector, one: KernelPackage): boolean {
  if (one.arch !== selector.arch || one.flavour !== selector.flavour) return false;
  return selector.range === null || inRange(parseKernelVersion(one.upstream), selector.range);
}

/** The newest of every series among packages that stand in order of preference. */
function newestOfSeries(selector: DebianSelector, packages: readonly KernelPackage[], pinned: boolean): PlannedKernel[] {
  const series = new Map<string, KernelPackage[]>();
  for (const one of packages) {
    if (isSelected(selector, one)) series.set(one.series, [...(series.get(one.series) ?? []), one]);
  }
  return [...series.values()].flatMap(([first, ...rest]) => (first ? [plannedPackage(selector.text, first, rest, pinned)] : []));
}

function inVersionOrder(versions: Iterable<string>): string[] {
  return [...new Set(versions)].toSorted((a, b) => compareKernelVersions(parseKernelVersion(a), parseKernelVersion(b)));
}

function noSuchKernel(selector: DebianSelector, packages: readonly KernelPackage[]): UserError {
  const { arch, flavour } = selector;
  const others = packages.filter((one) => one.arch === arch && one.flavour === flavour);
  if (others.length === 0) return new UserError(`${selector.text}: the Debian mirror has no kernels for ${arch}, flavour ${flavour}`);
  const asked = selector.range?.[0]?.version;
  const sameSeries = others.filter((one) => asked && one.series === seriesOf(asked));
  const shown = sameSeries.length > 0 ? sameSeries.map((one) => one.upstream) : others.map((one) => one.series);
  return new UserError(`${selector.text}: no such kernel; the Debian mirror has ${inVersionOrder(shown).join(', ')} (${arch}, ${flavour})`);
}

/** Lists an architecture's packages once, however many selectors ask. */
export type PackageLister = (arch: DebianArch) => Promise<readonly KernelPackage[]>;

/** A lister that reads the indexes of the machine's mirrors. */
export function packageLister(options: KernelOptions): PackageLister {
  const lists = new Map<DebianArch, Promise<readonly KernelPackage[]>>();
  return async (arch) => {
    const list = lists.get(arch) ?? listKernelPackages(arch, debianOptions(options));
    lists.set(arch, list);
    return list;
  };
}

async function planDebian(selector: DebianSelector, list: PackageLister, options: KernelOptions): Promise<PlannedKernel[]> {
  const { lock } = options;
  const pinned = lock ? newestOfSeries(selector, lock.packages.toSorted(comparePreference), true) : [];
  if (pinned.length > 0) return pinned;
  if (lock && options.frozen === true) throw new UserError(`${selector.text}: ${lock.path} pins no such kernel, and it is frozen`);
  const packages = await list(selector.arch);
  const planned = newestOfSeries(selector, packages, false);
  if (planned.length === 0) throw noSuchKernel(selector, packages);
  return planned;
}

/** Ids end up in paths and fragments. */
function safe(text: string): string {
  return text.replaceAll(/[^\w.+~-]/g, '_').slice(0, 120);
}

async function checkFile(text: string, path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (!found) throw new UserError(`${text}: no such file`);
  if (!found.isFile()) throw new UserError(`${text}: not a regular file`);
}

async function planFile(text: string, path: string): Promise<PlannedKernel> {
  await checkFile(text, path);
  const inspection = await withFile(path, inspectImage).catch((error: unknown) => {
    throw new UserError(`${text}: cannot be read: ${messageOf(error)}`, { cause: error });
  });
  if (inspection.kind === 'bad') throw new UserError(`${text}: not a kernel image: ${inspection.reason}`);
  const { release, version, arch } = inspection;
  const series = seriesOf(parseKernelVersion(version));
  return { id: safe(`file-${release}`), selector: text, version, series, arch, distribution: 'file', source: { kind: 'file', path } };
}

/** A damaged package of the user's own is the user's to replace. */
async function readControl(text: string, path: string): Promise<string> {
  try {
    const wanted = (name: string) => name === 'control';
    return (await readFromDeb({ deb: path, part: 'control', wanted, maxBytes: MAX_CONTROL, label: text })) ?? '';
  } catch (error) {
    if (error instanceof InfraError) throw new UserError(error.message, { cause: error });
    throw error;
  }
}

async function planDeb(text: string, path: string): Promise<PlannedKernel> {
  await checkFile(text, path);
  const control = parseStanza(await readControl(text, path));
  const { package: name = '', version: packageVersion = '', architecture } = control;
  const kernel = kernelVersionOf(packageVersion) ?? tryParseKernelVersion(name.replace(/^linux-(image|binary)-/, ''));
  if (!kernel || !/^linux-(image|binary)-/.test(name)) {
    throw new UserError(`${text}: not a kernel package: it is ${name || basename(path)} ${packageVersion}`.trimEnd());
  }
  if (architecture !== 'amd64' && architecture !== 'arm64') {
    throw new UserError(`${text}: its architecture ${architecture ?? ''} is neither amd64 nor arm64`);
  }
  const release = parsePackageName(name)?.release ?? name.replace(/^linux-(image|binary)-(unsigned-)?/, '');
  return {
    id: safe(`deb-${release}`),
    selector: text,
    version: upstreamOf(kernel),
    series: seriesOf(kernel),
    arch: ARCHES[architecture],
    distribution: 'deb',
    source: { kind: 'deb', path },
  };
}

async function planSelector(selector: Selector, list: PackageLister, options: KernelOptions): Promise<PlannedKernel[]> {
  switch (selector.kind) {
    case 'debian':
      return planDebian(selector, list, options);
    case 'file':
      return [await planFile(selector.text, selector.path)];
    case 'deb':
      return [await planDeb(selector.text, selector.path)];
  }
}

function isSame(a: PlannedKernel, b: PlannedKernel): boolean {
  if (a.source.kind === 'debian' || b.source.kind === 'debian') return a.id === b.id;
  return a.source.kind === b.source.kind && a.source.path === b.source.path;
}

/** Two files may call themselves the same: the later one gets a number. */
function withUniqueIds(kernels: readonly PlannedKernel[]): PlannedKernel[] {
  const taken = new Set<string>();
  return kernels.map((kernel) => {
    let { id } = kernel;
    for (let copy = 2; taken.has(id); copy++) id = `${kernel.id}~${copy}`;
    taken.add(id);
    return { ...kernel, id };
  });
}

function compareOrder(a: PlannedKernel, b: PlannedKernel): number {
  const versions = compareKernelVersions(parseKernelVersion(a.version), parseKernelVersion(b.version));
  if (versions !== 0 || a.id === b.id) return versions;
  return a.id < b.id ? -1 : 1;
}

/** What one selector means; an optional one may mean nothing, and says so. */
async function planOrNote(selector: Selector, list: PackageLister, options: KernelOptions): Promise<PlannedKernel[]> {
  if (options.optional?.includes(selector.text) !== true) return planSelector(selector, list, options);
  try {
    const planned = await planSelector(selector, list, options);
    return planned.map((kernel) => ({ ...kernel, optional: true }));
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof InfraError)) throw error;
    options.signal?.throwIfAborted();
    options.onProgress?.({ kind: 'note', text: `optional, left out: ${error.message}` });
    return [];
  }
}

/**
 * The kernels that selectors mean, in true version order, each once. Reads indexes or the lock file, and the heads of files.
 * With a lock file the kernels it pins answer a selector; what it does not pin is looked up, unless `frozen`.
 * @throws UserError for a selector that is none or, unless it is optional, means nothing; InfraError when an index is needed and cannot be had
 */
export async function planKernels(selectors: readonly string[], options: KernelOptions): Promise<PlannedKernel[]> {
  const parsed = selectors.map((text) => parseSelector(text));
  const list = packageLister(options);
  const planned = await Promise.all(parsed.map(async (selector) => planOrNote(selector, list, options)));
  const all = planned.flat().toSorted((a, b) => Number(a.optional === true) - Number(b.optional === true));
  const distinct = all.filter((kernel, index) => all.findIndex((other) => isSame(kernel, other)) === index);
  return withUniqueIds(distinct.toSorted(compareOrder));
}

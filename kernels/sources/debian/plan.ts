// Resolves Debian selectors to kernels: the newest of every series that a selector means, pinned or indexed.
import { UserError } from '../../../harness/base/errors.ts';
import { compareKernelVersions, parseKernelVersion, seriesOf, sideOf } from '../../../harness/base/kernel-version.ts';
import { ARCHES } from '../../apt/names.ts';
import type { KernelLock } from '../locked-entries.ts';
import type { KernelOptions } from '../options.ts';
import type { SourceKernel } from '../source.ts';
import { debianOptions } from './options.ts';
import { comparePreference, type KernelPackage, type PackageLister, packageLister } from './packages.ts';
import { readPin, writePin } from './pins.ts';
import { type DebianSelector, includesVersion } from './selector.ts';

/** The candidate packages for one kernel, in the order in which they are tried. */
export interface DebianOrigin {
  candidates: readonly [KernelPackage, ...KernelPackage[]];
  pinned: boolean;
}

/** Maximum number of packages to try. A mirror that lost so many of its indexed packages is useless. */
const MAX_CANDIDATES = 8;

/** The kernel of candidate packages. Until one is pulled, it is the kernel of the first candidate. */
export function debianKernel(selector: string, { candidates, pinned }: DebianOrigin): SourceKernel<DebianOrigin> {
  const [first, ...rest] = candidates;
  const id = `debian-${first.release}`;
  const { name, version, path, size, sha256, suites } = first;
  return {
    id,
    key: id,
    selector,
    version: first.upstream,
    series: first.series,
    arch: ARCHES[first.arch],
    distribution: 'debian',
    package: { name, version, path, size, sha256, suites },
    pin: writePin(first),
    origin: { candidates: [first, ...rest.slice(0, MAX_CANDIDATES - 1)], pinned },
  };
}

/** The newest of every series. `packages` must be in order of preference. */
function newestOfSeries(selector: DebianSelector, packages: readonly KernelPackage[], pinned: boolean): SourceKernel<DebianOrigin>[] {
  const series = new Map<string, KernelPackage[]>();
  for (const one of packages) {
    const isMeant = one.arch === selector.arch && one.flavour === selector.flavour && includesVersion(selector, one.upstream);
    if (isMeant) series.set(one.series, [...(series.get(one.series) ?? []), one]);
  }
  return [...series.values()].flatMap(([first, ...rest]) =>
    first ? [debianKernel(selector.text, { candidates: [first, ...rest], pinned })] : [],
  );
}

function inVersionOrder(versions: Iterable<string>): string[] {
  return [...new Set(versions)].toSorted((a, b) => compareKernelVersions(parseKernelVersion(a), parseKernelVersion(b)));
}

/** The smallest range around the one that was asked for that has kernels, in a sentence; empty for a selector of one version. */
function nearestRange({ text, range }: DebianSelector, packages: readonly KernelPackage[]): string {
  if (!range || range.every(({ comparator }) => comparator === '=')) return '';
  const on = (side: 'below' | 'above') =>
    inVersionOrder(packages.map(({ upstream }) => upstream).filter((version) => sideOf(parseKernelVersion(version), range) === side));
  const [below, above] = [on('below').at(-1), on('above')[0]].map((version) => version && seriesOf(parseKernelVersion(version)));
  const bounds = below !== undefined && below === above ? [below] : [...(below ? [`>=${below}`] : []), ...(above ? [`<=${above}`] : [])];
  return `; the nearest range is "debian:${bounds.join(',')}${/\/.*/s.exec(text)?.[0] ?? ''}"`;
}

function noSuchKernel(selector: DebianSelector, packages: readonly KernelPackage[]): UserError {
  const { arch, flavour } = selector;
  const others = packages.filter((one) => one.arch === arch && one.flavour === flavour);
  if (others.length === 0) return new UserError(`${selector.text}: the Debian mirror has no kernels for ${arch}, flavour ${flavour}`);
  const asked = selector.range?.[0]?.version;
  const sameSeries = others.filter((one) => asked && one.series === seriesOf(asked));
  const shown = sameSeries.length > 0 ? sameSeries.map((one) => one.upstream) : others.map((one) => one.series);
  return new UserError(
    `${selector.text}: no such kernel; the Debian mirror has ${inVersionOrder(shown).join(', ')} (${arch}, ${flavour})${nearestRange(selector, others)}`,
  );
}

function pinnedKernels(selector: DebianSelector, { entries }: KernelLock): SourceKernel<DebianOrigin>[] {
  const pins = (entries['debian'] ?? []).map(readPin);
  return newestOfSeries(selector, pins.toSorted(comparePreference), true);
}

async function plan(selector: DebianSelector, { lock, frozen }: KernelOptions, list: PackageLister): Promise<SourceKernel<DebianOrigin>[]> {
  const pinned = lock ? pinnedKernels(selector, lock) : [];
  if (pinned.length > 0) return pinned;
  if (lock && frozen === true)
    throw new UserError(`${selector.text}: no matching kernel is pinned in ${lock.path}, and --frozen forbids any other`);
  const packages = await list(selector.arch);
  const planned = newestOfSeries(selector, packages, false);
  if (planned.length === 0) throw noSuchKernel(selector, packages);
  return planned;
}

/** With a lock file, a selector means the kernels that it pins. Others are looked up in the indexes, unless `frozen`. */
export function debianPlanner(options: KernelOptions) {
  const list = packageLister(debianOptions(options));
  return async (selector: DebianSelector) => plan(selector, options, list);
}

// Debian packages with a kernel image, found by name and size among all packages of an archive.
import type { KernelVersion } from '../../../harness/base/kernel-version.ts';
import { compareUpstream, seriesOf, upstreamOf } from '../../../harness/base/kernel-version.ts';
import { compareDebianVersions, isRebuild, kernelVersionOf } from '../../apt/debian-version.ts';
import { parseStanza } from '../../apt/deb822.ts';
import { type DebianArch, type NameFacts, parsePackageName } from '../../apt/names.ts';
import { overSuites } from './every-suite.ts';
import { readStanzas, type Selection } from './index-file.ts';
import type { DebianOptions } from './options.ts';
import type { Trust } from '../../trust/trust.ts';
import type { Suite } from './suite.ts';
import type { Archive } from './suites.ts';

/** Since 6.19 the configuration (`base`) and the modules of a kernel are in other packages than its image. */
export const KERNEL_PARTS = ['base', 'modules'] as const;
export type KernelPart = (typeof KERNEL_PARTS)[number];

/** The pinned facts of a package: enough to download it from any mirror and to verify it. */
export interface FilePin {
  name: string;
  version: string;
  archive: Archive;
  /** Path in the archive, for example `pool/main/l/linux/…`. */
  path: string;
  size: number;
  sha256: string;
}

/** The pinned facts of a kernel. */
export interface PackagePin extends FilePin {
  /** The packages with its parts, as far as a lock file pins them. */
  parts?: Readonly<Partial<Record<KernelPart, FilePin | undefined>>> | undefined;
}

export interface KernelPackage extends PackagePin, NameFacts {
  /** Upstream version, for example `6.12.117`. */
  upstream: string;
  series: string;
  /** The suites that list it, of those whose index was read. */
  suites: readonly string[];
  /** What vouches for its digest: the index or the lock file that names it. */
  trust: Trust;
}

/** Whether the package of a kernel contains its configuration and modules. */
export function isWhole({ name }: Pick<KernelPackage, 'name'>): boolean {
  return name.startsWith('linux-image-');
}

/** The name of the package with a part of a kernel. */
export function partName(part: KernelPart, release: string): string {
  return `linux-${part}-${release}`;
}

/** Meta packages have such names, too, but contain only documentation: 2 KB, while a kernel has many megabytes. */
const MIN_SIZE = 1 << 20;

/** Paths of packages in an archive. An index could name any other path. */
export const POOL_PATH = /^pool\/(?!(?:.*\/)?\.\.(?:\/|$))[\w.+~/-]+$/;
/** @see deb-version(7) */
const VERSION = /^\d[\w.+:~-]*$/;

/** Adds the facts in the name and version to a pin; null if it is not a kernel package, or its path is not in the pool. */
export function describePackage(pin: PackagePin, listed: Pick<KernelPackage, 'suites' | 'trust'>): KernelPackage | null {
  const facts = parsePackageName(pin.name);
  const kernel: KernelVersion | null = kernelVersionOf(pin.version);
  if (!facts || !kernel || pin.size < MIN_SIZE || !VERSION.test(pin.version) || !POOL_PATH.test(pin.path)) return null;
  return { ...pin, ...facts, upstream: upstreamOf(kernel), series: seriesOf(kernel), ...listed };
}

/** Reads one stanza of a Packages index; null if it is not a kernel package. */
export function parseKernelPackage(stanza: string, suite: Pick<Suite, 'name' | 'mirror' | 'trust'>): KernelPackage | null {
  const { package: name, version, filename: path, size, sha256 } = parseStanza(stanza);
  if (name === undefined || version === undefined || path === undefined || sha256 === undefined) return null;
  if (!/^\d{1,12}$/.test(size ?? '') || !/^[0-9a-f]{64}$/.test(sha256)) return null;
  const pin = { name, version, archive: suite.mirror.archive, path, size: Number(size), sha256 };
  return describePackage(pin, { suites: [suite.name], trust: suite.trust });
}

/**
 * Order of preference among packages: the highest upstream version, then the original before rebuilds for other suites, then the
 * highest package version, then the signed twin. Negative when `a` is preferred.
 */
export function comparePreference(a: KernelPackage, b: KernelPackage): number {
  const [left, right] = [kernelVersionOf(a.version), kernelVersionOf(b.version)];
  return (
    (left && right ? compareUpstream(right, left) : 0) ||
    Number(isRebuild(a.version)) - Number(isRebuild(b.version)) ||
    compareDebianVersions(b.version, a.version) ||
    Number(b.signed) - Number(a.signed)
  );
}

/** The stanzas of kernels and of their configurations and modules, so that an index is read only once. */
export function linuxPackages(arch: DebianArch): Selection {
  return {
    index: `main/binary-${arch}/Packages`,
    name: 'linux',
    wanted: (stanza) => /^Package: linux-(image|binary|base|modules)-/m.test(stanza.slice(0, 200)) && !/^Package: \S+-dbg$/m.test(stanza),
  };
}

async function packagesOf(suite: Suite, arch: DebianArch, options: DebianOptions): Promise<KernelPackage[]> {
  const found = await readStanzas(suite, linuxPackages(arch), options);
  return found.flatMap((stanza) => parseKernelPackage(stanza, suite) ?? []);
}

/** Merges the entries of a package that several suites have. One suite with a verified signature vouches for it. */
function mergeSuites(packages: readonly KernelPackage[]): KernelPackage[] {
  const merged = new Map<string, KernelPackage>();
  for (const one of packages) {
    const key = `${one.sha256} ${one.archive}`;
    const known = merged.get(key);
    const trust = known?.trust.kind === 'signed' ? known.trust : one.trust;
    merged.set(key, known ? { ...known, trust, suites: [...known.suites, ...one.suites] } : one);
  }
  return [...merged.values()];
}

/**
 * Every kernel package of an architecture in the suites of the machine's Debian mirrors, the preferred first.
 * @throws UserError if no mirror is configured; InfraError if the mirror cannot be read
 */
async function listKernelPackages(arch: DebianArch, options: DebianOptions): Promise<KernelPackage[]> {
  const found = await overSuites(options, async (suite) => packagesOf(suite, arch, options));
  return mergeSuites(found).toSorted(comparePreference);
}

/** Lists the packages of an architecture. Each architecture is listed only once. */
export type PackageLister = (arch: DebianArch) => Promise<readonly KernelPackage[]>;

/** A lister that reads the indexes of the machine's mirrors. */
export function packageLister(options: DebianOptions): PackageLister {
  const lists = new Map<DebianArch, Promise<readonly KernelPackage[]>>();
  return async (arch) => {
    const list = lists.get(arch) ?? listKernelPackages(arch, options);
    lists.set(arch, list);
    return list;
  };
}

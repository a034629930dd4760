// libbpf from the Debian source package: which version, fetched and checked, built as a static library.
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import * as tar from 'tar';
import { isDirectory } from '../base/files.ts';
import { populateDirectory } from '../base/populate.ts';
import { type DebianSource, findDebianSource } from '../../kernels/sources/debian/source-package.ts';
import { debianMirrors } from '../../kernels/sources/debian/mirror.ts';
import type { Arch } from '../../kernels/image/inspect.ts';
import type { TrustOptions } from '../../kernels/trust/mirror-trust.ts';
import type { Trust } from '../../kernels/trust/trust.ts';
import { download } from '../../kernels/download/download.ts';
import { InfraError, UserError } from '../base/errors.ts';
import { lastLines, run, secondsSince } from './command.ts';
import { PINNED_LIBBPF, type PinnedSource } from './libbpf-pins.ts';
import { type Toolchain, toolchainFor } from './toolchain.ts';

/** The release whose messages and rules this project is written for. */
export const WANTED_LIBBPF = '1.7';
/** The oldest acceptable replacement: the first release that splits a load in two, which separates relocation from verification. */
const OLDEST = [1, 6] as const;
/** The oldest release that the agent can be linked with: before 1.0 errors and half of the calls were different. */
const OLDEST_RELEASE = [1, 0] as const;
/** Part of the key in the cache. Raise it when the build changes. */
const BUILD = 3;

/** The part of names in the cache that says how libbpf was built: `3`, `3-arm64`. */
export function buildOf(arch: Arch = 'x86_64'): string {
  return arch === 'x86_64' ? String(BUILD) : `${BUILD}-${arch}`;
}

export interface LibbpfOptions {
  /** Root of the cache. */
  cache: string;
  onNote: (text: string) => void;
  /** Base addresses of Debian mirrors; without any, those of the environment or of apt. */
  mirrors?: readonly string[] | undefined;
  /** What the user trusts beyond verified mirrors (default: only what the environment says). */
  trust?: TrustOptions | undefined;
  /** Architecture of the programs that are linked with it. @default 'x86_64' */
  arch?: Arch;
}

/** No mirror has the archive of a source package. */
class AbsentArchive extends InfraError {}

/** A libbpf built from source, in the cache under `key`. */
export interface BuiltLibbpf {
  /** For example `1.7.0`. */
  version: string;
  /** Version of the Debian package, for example `1.7.0-1`. */
  package: string;
  key: string;
  /** Who vouches for the digest of its source. */
  trust: Trust;
}

/** Major and minor number of an upstream or Debian version. */
function releaseOf(version: string): [number, number] {
  const [, major = '0', minor = '0'] = /^(?:\d+:)?(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}

/** Whether release `a` is `b` or newer. */
export function atLeast([major, minor]: readonly [number, number], [otherMajor, otherMinor]: readonly [number, number]): boolean {
  return major > otherMajor || (major === otherMajor && minor >= otherMinor);
}

/** Chooses the source package to build from, of packages with the newest first: the newest of the wanted release, else the newest usable one. */
export function chooseSource<Source extends { version: string }>(sources: readonly Source[]): Source | null {
  const wanted = sources.find((source) => releaseOf(source.version).join('.') === WANTED_LIBBPF);
  return wanted ?? sources.find((source) => atLeast(releaseOf(source.version), OLDEST)) ?? null;
}

/** Numbers of a requested release, `1.1` or `1.1.2`, or of a package version. */
function numbersOf(version: string): number[] {
  return (/^(?:\d+:)?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '').split('.').map(Number);
}

/**
 * Chooses the source package of a requested release, of packages with the newest first. `1.1` means the newest of 1.1; `1.1.1` means
 * itself, or else the next newer one of 1.1. Null if the packages have none.
 */
export function chooseRelease<Source extends { version: string }>(sources: readonly Source[], wanted: string): Source | null {
  const [major, minor, patch] = numbersOf(wanted);
  const same = sources.filter(({ version }) => {
    const [otherMajor, otherMinor] = numbersOf(version);
    return major === otherMajor && minor === otherMinor;
  });
  if (patch === undefined) return same[0] ?? null;
  return same.findLast(({ version }) => (numbersOf(version)[2] ?? 0) >= patch) ?? null;
}

/** Folder of a libbpf in the cache: `include/` with headers (`bpf/bpf.h`, `linux/bpf.h`) and `lib/libbpf.a`. */
export function libbpfFolder(cache: string, key: string): string {
  return join(cache, 'libbpf', key);
}

/** Debian policy: the upstream version is between epoch and revision. */
function upstreamVersion(version: string): string {
  return version.replace(/^\d+:/, '').replace(/-[^-]*$/, '');
}

/** A source package to build, and the mirrors that may have it. */
interface FetchableSource extends PinnedSource {
  bases: readonly string[];
  trust: Trust;
}

const indexed = ({ base, ...source }: DebianSource): FetchableSource => ({ ...source, bases: [base] });

function originalOf({ version, files }: PinnedSource): PinnedSource['files'][number] {
  const original = files.find((file) => /\.orig\.tar\.[a-z0-9]+$/.test(file.path));
  if (!original) throw new InfraError(`the source package libbpf ${version} has no upstream archive`);
  return original;
}

/** The key in the cache of what is built from a source. */
function keyOf(source: PinnedSource, arch: Arch = 'x86_64'): string {
  return `${originalOf(source).sha256.slice(0, 32)}-${buildOf(arch)}`;
}

/** The path of the downloaded archive; null if no mirror has it. */
async function fetchArchive(source: FetchableSource, cache: string): Promise<string | null> {
  const { path, size, sha256 } = originalOf(source);
  const target = join(cache, 'downloads', `${sha256}-${basename(path)}`);
  for (const base of source.bases) {
    const fetched = await download({ url: `${base}/${path}`, target, expected: { size, sha256 } });
    if (fetched.kind === 'done') return target;
  }
  return null;
}

/** Sources of libbpf have 15 MB in 700 files and links. A few compressed bytes could unpack to any size. */
const MAX_SOURCE = 256 << 20;

/** @throws InfraError if a source archive is too large, or has a member that it does not need */
async function checkSource(archive: string): Promise<void> {
  let size = 0;
  const faults: string[] = [];
  const onReadEntry = ({ path, type, size: bytes }: tar.ReadEntry) => {
    size += bytes;
    if (size > MAX_SOURCE) faults.push(`its files have more than ${MAX_SOURCE} bytes`);
    if (path.startsWith('/') || path.split('/').includes('..')) faults.push(`the name of a member leaves the archive: ${path}`);
    if (!['File', 'OldFile', 'Directory', 'SymbolicLink'].includes(type))
      faults.push(`${path} is neither a file nor a folder nor a symbolic link`);
  };
  await tar.list({ file: archive, strict: true, onReadEntry });
  const [fault] = faults;
  if (fault !== undefined) throw new InfraError(`${basename(archive)}: ${fault}`);
}

/** Keeps the texts of the licences, which a package with the library must contain. */
async function keepLicences(source: string, target: string): Promise<void> {
  const names = (await readdir(source)).filter((name) => name.startsWith('LICENSE'));
  await mkdir(target);
  for (const name of names) await copyFile(join(source, name), join(target, name));
}

/** Variables of make for another compiler than the system's. */
function compilerVariables({ gcc, ar, sysroot }: Toolchain): string[] {
  return sysroot === null ? [] : [`CC=${gcc}`, `AR=${ar}`];
}

/** A text as one word of the shell in a recipe of make. */
function quotedForMake(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`).replaceAll('$', '$$$$')}'`;
}

async function build(archive: string, target: string, toolchain: Toolchain): Promise<void> {
  const source = join(target, 'source');
  await checkSource(archive);
  await populateDirectory(source, async (folder) => tar.extract({ file: archive, cwd: folder, strip: 1, strict: true }));
  const objects = join(target, 'objects');
  // Makefiles before 1.5 write into it before they create it.
  await mkdir(objects);
  const variables = [
    'BUILD_STATIC_ONLY=y',
    'NO_PKG_CONFIG=y',
    // Reading the kernel's BTF is most of a load, and calls are slow under emulation: inlining saves a third.
    `CFLAGS=${['-g', '-O3', `-ffile-prefix-map=${target}=libbpf`, ...toolchain.flags].map(quotedForMake).join(' ')}`,
    ...compilerVariables(toolchain),
    // Relative to the folder of the makefile, which splits a path at spaces.
    'OBJDIR=../../objects',
    'DESTDIR=../..',
    'PREFIX=',
    'LIBDIR=/lib',
    'INCLUDEDIR=/include',
    'UAPIDIR=/include',
  ];
  const jobs = `-j${availableParallelism()}`;
  const { ok, said } = await run(['make', '-C', join(source, 'src'), '-s', jobs, ...variables, 'install', 'install_uapi_headers']);
  if (!ok) throw new InfraError(`libbpf does not build: ${lastLines(said, 3)}`);
  await keepLicences(source, join(target, 'licences'));
  await rm(source, { recursive: true });
  await rm(objects, { recursive: true });
}

/**
 * Builds libbpf unless the cache has it. Null if the mirrors have no release that is new enough.
 * @throws InfraError if a mirror cannot be read or libbpf does not build; UserError if no mirror is known
 */
export async function buildFromSource(options: LibbpfOptions): Promise<BuiltLibbpf | null> {
  const pinned = await buildPinned(PINNED_LIBBPF, options);
  if (pinned) return pinned;
  const source = chooseSource(await findDebianSource('libbpf', options));
  return source && buildSource(indexed(source), options);
}

async function debianBases(options: LibbpfOptions): Promise<string[]> {
  return (await debianMirrors(options.mirrors)).flatMap(({ archive, base }) => (archive === 'debian' ? [base] : []));
}

/**
 * Builds a source that this program pins, unless the cache has it: an earlier build needs no mirror. Null if no mirror has it.
 * @throws InfraError if libbpf does not build; UserError if no mirror is known
 */
export async function buildPinned(pinned: PinnedSource, options: LibbpfOptions): Promise<BuiltLibbpf | null> {
  const folder = libbpfFolder(options.cache, keyOf(pinned, options.arch));
  const trust = { kind: 'pinned' } as const;
  const source = { ...pinned, trust, bases: (await isDirectory(folder)) ? [] : await debianBases(options) };
  try {
    return await buildSource(source, options);
  } catch (error) {
    if (error instanceof AbsentArchive) return null;
    throw error;
  }
}

async function usableSources(options: LibbpfOptions): Promise<DebianSource[]> {
  const found = await findDebianSource('libbpf', options);
  return found.filter(({ version }) => atLeast(releaseOf(version), OLDEST_RELEASE));
}

/**
 * Looks up a requested release. Reads indexes only.
 * @returns null if the mirrors have it; otherwise the releases that they have, `1.1.2`, the oldest first
 * @throws InfraError if a mirror cannot be read, UserError if no mirror is known
 */
export async function releasesInstead(wanted: string, options: LibbpfOptions): Promise<string[] | null> {
  const sources = await usableSources(options);
  return chooseRelease(sources, wanted) === null ? sources.map(({ version }) => upstreamVersion(version)).toReversed() : null;
}

/**
 * Builds a requested release unless the cache has it.
 * @throws UserError if the mirrors do not have it, with those that they have; InfraError like buildFromSource
 */
export async function buildRelease(wanted: string, options: LibbpfOptions): Promise<BuiltLibbpf> {
  const sources = await usableSources(options);
  const source = chooseRelease(sources, wanted);
  if (source) return buildSource(indexed(source), options);
  const usable = sources.map(({ version }) => upstreamVersion(version));
  throw new UserError(
    `libbpf@${wanted}: the Debian mirror has no source package of it; it has ${usable.toReversed().join(', ') || 'none'}`,
  );
}

async function buildSource(source: FetchableSource, options: LibbpfOptions): Promise<BuiltLibbpf> {
  const { cache, onNote, arch = 'x86_64' } = options;
  const started = performance.now();
  const key = keyOf(source, arch);
  const state = await populateDirectory(libbpfFolder(cache, key), async (folder) => {
    const archive = await fetchArchive(source, cache);
    if (archive === null) throw new AbsentArchive(`the mirror does not have ${originalOf(source).path}, though its index names it`);
    await build(archive, folder, await toolchainFor(arch, options));
  });
  const version = upstreamVersion(source.version);
  const shown = arch === 'x86_64' ? `libbpf ${version}` : `libbpf ${version} for ${arch}`;
  if (state === 'built') onNote(`${shown} from the Debian source package: ${secondsSince(started)}`);
  return { version, package: source.version, key, trust: source.trust };
}

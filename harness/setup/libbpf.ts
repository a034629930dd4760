// The libbpf that the guest agent is linked with, and whose headers the sample programs are compiled against.
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readCachedText } from '../base/cached-file.ts';
import { errorCode, parseCached, writeFileAtomic } from '../base/files.ts';
import { InfraError, messageOf, UserError } from '../base/errors.ts';
import { mirrorTrust } from '../../kernels/trust/mirror-trust.ts';
import { readTrust, stillVouches } from '../../kernels/trust/trust.ts';
import { run } from './command.ts';
import type { PinnedSource } from './libbpf-pins.ts';
import {
  atLeast,
  buildFromSource,
  buildOf,
  buildPinned,
  buildRelease,
  type BuiltLibbpf,
  libbpfFolder,
  type LibbpfOptions,
  releasesInstead,
  WANTED_LIBBPF,
} from './libbpf-source.ts';

/** The oldest libbpf-dev that knows every relocation kind. */
const SYSTEM_OLDEST = [1, 0] as const;

export interface Libbpf {
  /** For example `1.7.0`; the system's has only `1.1`. */
  version: string;
  /** Its origin in words. */
  origin: string;
  /** Folder of headers (`bpf/bpf.h`, `linux/bpf.h`). */
  includeDir: string;
  /** Path of libbpf.a. */
  staticLib: string;
}

const choice = z.object({
  version: z.string(),
  package: z.string(),
  key: z.string().regex(/^[0-9a-f-]+(?:-arm64)?$/),
  /** Absent in records of older versions. */
  trust: z.unknown(),
});

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function inCache(cache: string, { version, package: debian, key, trust }: BuiltLibbpf): Libbpf {
  const folder = libbpfFolder(cache, key);
  const doubt = trust.kind === 'accepted' ? `, not verified: ${trust.mirror}, accepted by the user` : '';
  const origin = `Debian source package libbpf ${debian}${doubt}`;
  return { version, origin, includeDir: join(folder, 'include'), staticLib: join(folder, 'lib/libbpf.a') };
}

/** The file in which set-up records its source of a requested release. */
function releaseMemory(wanted: string, { cache, arch }: Pick<LibbpfOptions, 'cache' | 'arch'>): string {
  return join(cache, 'libbpf', `release-${wanted}-${buildOf(arch)}.json`);
}

/**
 * Looks up a release that a configuration requests. Builds nothing.
 * @returns null if it is in the cache or on a mirror; otherwise the releases that the mirrors have
 * @throws InfraError if a mirror cannot be read, UserError if no mirror is known
 */
export async function lookUpRelease(wanted: string, options: LibbpfOptions): Promise<string[] | null> {
  const before = await chosenBefore(options, releaseMemory(wanted, options));
  return before ? null : releasesInstead(wanted, options);
}

/** The file in which set-up records its choice. */
function memoryOf({ cache, arch }: Pick<LibbpfOptions, 'cache' | 'arch'>): string {
  return join(cache, 'libbpf', `chosen-${WANTED_LIBBPF}-${buildOf(arch)}.json`);
}

/**
 * The choice of an earlier set-up, which stays valid without network and after changes of the mirror. A choice without a record of trust,
 * or one that this run does not trust, is made again.
 */
async function chosenBefore({ cache, trust }: Pick<LibbpfOptions, 'cache' | 'trust'>, memory: string): Promise<Libbpf | null> {
  const kept = choice.safeParse(parseCached((await readCachedText(memory)) ?? ''));
  if (!kept.success) return null;
  const vouched = readTrust(kept.data.trust);
  if (vouched === null || !stillVouches(vouched, await mirrorTrust(trust))) return null;
  const libbpf = inCache(cache, { ...kept.data, trust: vouched });
  return (await exists(libbpf.staticLib)) ? libbpf : null;
}

/** The libbpf-dev of the system, for machines whose mirror has no source package that is new enough. */
async function fromSystem(): Promise<Libbpf | null> {
  const header = await readFile('/usr/include/bpf/libbpf_version.h', 'utf8').catch(() => '');
  const [, major] = /LIBBPF_MAJOR_VERSION (\d+)/.exec(header) ?? [];
  const [, minor] = /LIBBPF_MINOR_VERSION (\d+)/.exec(header) ?? [];
  if (!atLeast([Number(major ?? 0), Number(minor ?? 0)], SYSTEM_OLDEST)) return null;
  const { stdout } = await run(['gcc', '-print-file-name=libbpf.a']);
  // gcc prints the bare name when it does not find the file.
  if (!stdout.startsWith('/')) return null;
  const version = `${major}.${minor}`;
  return { version, origin: `system package libbpf-dev ${version}`, includeDir: '/usr/include', staticLib: stdout };
}

/**
 * A requested release of libbpf: the choice of an earlier run for the same request, else built from source.
 * @param wanted `1.1`, or `1.1.2`
 * @throws UserError if the mirrors do not have it, InfraError if it cannot be built
 */
export async function ensureRelease(wanted: string, options: LibbpfOptions): Promise<Libbpf> {
  const memory = releaseMemory(wanted, options);
  const before = await chosenBefore(options, memory);
  if (before) return before;
  const built = await buildRelease(wanted, options);
  await writeFileAtomic(memory, `${JSON.stringify(built)}\n`);
  return inCache(options.cache, built);
}

/**
 * A release that this program pins by its digest, built from source unless the cache has it.
 * @throws InfraError if no mirror has its source, or it cannot be built
 */
export async function ensurePinned(pinned: PinnedSource, options: LibbpfOptions): Promise<Libbpf> {
  const built = await buildPinned(pinned, options);
  if (built === null) throw new InfraError(`no mirror has the source of libbpf ${pinned.version}; see harness/setup/libbpf-pins.ts`);
  return inCache(options.cache, built);
}

/** The libbpf on this machine: the choice of set-up, else the system's, else null. Downloads and builds nothing. */
export async function installedLibbpf(cache: string): Promise<Libbpf | null> {
  return (await chosenBefore({ cache }, memoryOf({ cache }))) ?? fromSystem();
}

/**
 * The libbpf to link with: the choice of an earlier set-up, else built from source, else the system's.
 * @throws InfraError if none can be found, or if the cache cannot be used and the system has none
 */
export async function ensureLibbpf(options: LibbpfOptions): Promise<Libbpf> {
  const memory = memoryOf(options);
  const before = await chosenBefore(options, memory);
  if (before) return before;
  let why = 'the mirrors have no source package of it that is new enough';
  let diskError: InfraError | null = null;
  const built = await buildFromSource(options).catch((error: unknown) => {
    if (!(error instanceof InfraError) && !(error instanceof UserError)) throw error;
    why = messageOf(error);
    if (error instanceof InfraError && errorCode(error.cause) !== null) diskError = error;
    return null;
  });
  if (built) {
    await writeFileAtomic(memory, `${JSON.stringify(built)}\n`);
    return inCache(options.cache, built);
  }
  const system = options.arch === undefined || options.arch === 'x86_64' ? await fromSystem() : null;
  // A cache that cannot be written is mended first: the agent needs it, too.
  if (!system && diskError) throw diskError;
  if (!system) throw new InfraError(`no libbpf to build the guest agent with: ${why}; on Debian: apt-get install libbpf-dev`);
  options.onNote(`libbpf ${WANTED_LIBBPF} cannot be built (${why}); the ${system.origin} is used`);
  return system;
}

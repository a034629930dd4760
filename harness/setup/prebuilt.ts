// Programs that a published package carries: the agents and loader programs that `npm pack` built, so that a user needs no compiler.
import { createHash } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { z } from 'zod';
import { readAnySize, readCached } from '../base/cached-file.ts';
import { InfraError } from '../base/errors.ts';
import { errorCode } from '../base/files.ts';
import { type LibraryLoader, libraryName } from '../base/loader-name.ts';
import { IS_CHECKOUT, PACKAGE_ROOT } from '../base/package-root.ts';
import { populateDirectory } from '../base/populate.ts';
import type { Arch } from '../../kernels/image/inspect.ts';
import type { GuestAgent, LoaderProgram } from '../guest/agent.ts';
import { chooseRelease } from './libbpf-source.ts';

/** The folder of these programs in a package. */
export const PREBUILT_FOLDER = 'prebuilt';
export const MANIFEST_FILE = 'manifest.json';

const programSchema = z.strictObject({
  /** A loader as in `loaders:`, with its exact release: `libbpf`, `1.7.0`. */
  family: z.enum(['libbpf', 'cilium', 'aya']),
  /** What `loaders:` names: `1.7`, `0.22`. */
  named: z.string(),
  release: z.string(),
  /** Its origin in words. */
  origin: z.string(),
  size: z.int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const archiveSchema = z.strictObject({
  /** Its name in the folder: programs in this order, one after the other, compressed together with Brotli because they have much in common. */
  file: z.string().regex(/^[\w-]+\.br$/),
  /** Architecture of the guests. */
  arch: z.enum(['x86_64', 'arm64']),
  programs: z.array(programSchema),
});

const manifestSchema = z.strictObject({ format: z.literal(1), archives: z.array(archiveSchema) });

export type PrebuiltProgram = z.infer<typeof programSchema>;
export type PrebuiltArchive = z.infer<typeof archiveSchema>;
export type PrebuiltManifest = z.infer<typeof manifestSchema>;

export interface PrebuiltOptions {
  /** Root of the cache. */
  cache: string;
  /** The folder of the programs; null for none. Default: that of the package, none in a checkout, whose sources may have changed. */
  folder?: string | null;
  /** Architecture of the guests. @default 'x86_64' */
  arch?: Arch;
}

/** A program of the package, and where it is. */
interface Found {
  folder: string;
  archive: PrebuiltArchive;
  program: PrebuiltProgram;
}

/** All programs of a folder for an architecture. */
async function programsIn(folder: string, wanted: Arch): Promise<Found[]> {
  const path = join(folder, MANIFEST_FILE);
  const text = await readAnySize(path).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return [];
  const { archives } = manifestSchema.parse(JSON.parse(text.toString()));
  const matching = archives.filter(({ arch }) => arch === wanted);
  return matching.flatMap((archive) => archive.programs.map((program) => ({ folder, archive, program })));
}

async function programsOf(options: PrebuiltOptions): Promise<Found[]> {
  const { folder = IS_CHECKOUT ? null : join(PACKAGE_ROOT, PREBUILT_FOLDER), arch = 'x86_64' } = options;
  return folder === null ? [] : programsIn(folder, arch);
}

function hasDigest(bytes: Buffer | null, { sha256 }: PrebuiltProgram): bytes is Buffer {
  return bytes !== null && createHash('sha256').update(bytes).digest('hex') === sha256;
}

/** Unpacks one program of an archive. */
async function bytesOf({ folder, archive, program }: Found): Promise<Buffer> {
  const path = join(folder, archive.file);
  const sizes = archive.programs.map(({ size }) => size);
  const maxOutputLength = sizes.reduce((sum, size) => sum + size, 0);
  const all = await promisify(brotliDecompress)(await readAnySize(path), { maxOutputLength }).catch(() => null);
  const start = sizes.slice(0, archive.programs.indexOf(program)).reduce((sum, size) => sum + size, 0);
  const bytes = all === null ? null : all.subarray(start, start + program.size);
  if (!hasDigest(bytes, program)) {
    throw new InfraError(
      `the package of corematrix is damaged: ${path} does not contain ${program.family} ${program.release}; install it again`,
    );
  }
  return bytes;
}

/** The path of a program in the cache. One that changed there is unpacked again. */
async function unpacked(found: Found, cache: string): Promise<string> {
  const { program } = found;
  const target = join(cache, PREBUILT_FOLDER, program.sha256);
  const path = join(target, 'program');
  const unpack = async (folder: string) => writeFile(join(folder, 'program'), await bytesOf(found), { mode: 0o755 });
  await populateDirectory(target, unpack);
  if (hasDigest(await readCached(path), program)) return path;
  await rm(target, { recursive: true, force: true });
  await populateDirectory(target, unpack);
  return path;
}

async function findAgent(release: string | undefined, options: PrebuiltOptions): Promise<Found | null> {
  const agents = (await programsOf(options)).filter(({ program }) => program.family === 'libbpf');
  const releases = agents.map((found) => ({ found, version: found.program.release }));
  const chosen = release === undefined ? (releases[0] ?? null) : chooseRelease(releases, release);
  return chosen?.found ?? null;
}

/** Whether the package has an agent with a release of libbpf: `1.1`, `1.1.2`. */
export async function hasPrebuiltAgent(release: string, options: PrebuiltOptions): Promise<boolean> {
  return (await findAgent(release, options)) !== null;
}

/**
 * The agent of the package with a release of libbpf; null if it has none.
 * @param release `1.1`, `1.1.2`; undefined for the newest
 * @throws InfraError if the package is damaged, or the cache cannot be written
 */
export async function prebuiltAgent(release: string | undefined, options: PrebuiltOptions): Promise<GuestAgent | null> {
  const found = await findAgent(release, options);
  if (found === null) return null;
  const { program } = found;
  const path = await unpacked(found, options.cache);
  return { path, sha256: program.sha256, libbpf: program.release, libbpfOrigin: program.origin };
}

/**
 * The loader program of the package for a release of a library; null if it has none.
 * @throws InfraError if the package is damaged, or the cache cannot be written
 */
export async function prebuiltLoader({ family, release }: LibraryLoader, options: PrebuiltOptions): Promise<LoaderProgram | null> {
  const found = (await programsOf(options)).find(({ program }) => program.family === family && program.named === release);
  if (!found) return null;
  const path = await unpacked(found, options.cache);
  return { path, sha256: found.program.sha256, library: libraryName(`${family}@${release}`), release: found.program.release };
}

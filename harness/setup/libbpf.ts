// libbpf as the helper is linked with it: built from the Debian source package, kept in the cache.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import * as tar from 'tar';
import { parseCached, populateDirectory, writeFileAtomic } from '../../kernels/cache.ts';
import { type DebianSource, findDebianSource } from '../../kernels/debian/source-package.ts';
import { download } from '../../kernels/download.ts';
import { InfraError, messageOf, UserError } from '../errors.ts';

/** The release whose log messages and rules this project is written for. */
const WANTED = '1.7';
/** The oldest that is taken instead, because the load is split in two from then on. */
const OLDEST = [1, 6] as const;
const SYSTEM_OLDEST = [1, 0] as const;
const FORMAT = 1;

export interface Libbpf {
  /** For example `1.7.0`. */
  version: string;
  /** Where it came from, in words. */
  origin: string;
  /** Folder of headers (`bpf/bpf.h`, `linux/bpf.h`), and the static library. */
  includeDir: string;
  staticLib: string;
}

interface SetupOptions {
  cache: string;
  say: (text: string) => void;
  /** Base addresses of Debian mirrors; without them, those of apt. */
  mirrors?: readonly string[] | undefined;
}

function upstream(version: string): [number, number] {
  const [, major = '0', minor = '0'] = /^(?:\d+:)?(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor)];
}

function atLeast([major, minor]: readonly [number, number], [wantedMajor, wantedMinor]: readonly [number, number]): boolean {
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** The source package to build from: the wanted release, else the newest that is new enough, else none. */
export function chooseSource<Source extends { version: string }>(sources: readonly Source[]): Source | null {
  const exact = sources.find((source) => upstream(source.version).join('.') === WANTED);
  return exact ?? sources.find((source) => atLeast(upstream(source.version), OLDEST)) ?? null;
}

/** Builds the static library and installs it with its headers into `target`. */
async function build(archive: string, target: string): Promise<void> {
  const source = join(target, 'source');
  await populateDirectory(source, async (folder) => {
    await tar.extract({ file: archive, cwd: folder, strip: 1, strict: true });
  });
  const variables = [
    'BUILD_STATIC_ONLY=y',
    'NO_PKG_CONFIG=y',
    `OBJDIR=${join(target, 'objects')}`,
    `DESTDIR=${target}`,
    'PREFIX=',
    'LIBDIR=/lib',
    'INCLUDEDIR=/include',
    'UAPIDIR=/include',
  ];
  const made = await execa('make', ['-C', join(source, 'src'), '-s', '-j2', ...variables, 'install', 'install_uapi_headers'], {
    reject: false,
    stdin: 'ignore',
    all: true,
  });
  if (made.failed) throw new InfraError(`libbpf does not build: ${made.all?.trim().split('\n').slice(-3).join(' ') ?? made.shortMessage}`);
}

async function fetchArchive(source: DebianSource, options: SetupOptions): Promise<{ file: string; sha256: string }> {
  const original = source.files.find((file) => /\.orig\.tar\.[a-z0-9]+$/.test(file.path));
  if (!original) throw new InfraError(`the source package libbpf ${source.version} has no upstream archive`);
  const target = join(options.cache, 'sources', original.sha256, original.path.split('/').at(-1) ?? 'archive');
  const fetched = await download({ url: new URL(original.path, source.base).href, target, expected: original });
  if (fetched.kind === 'absent') throw new InfraError(`the mirror has no ${original.path}, though its index names it`);
  return { file: target, sha256: original.sha256 };
}

async function fromSource(options: SetupOptions): Promise<Libbpf | null> {
  const sources = await findDebianSource('libbpf', { cache: options.cache, ...(options.mirrors ? { mirrors: [...options.mirrors] } : {}) });
  const source = chooseSource(sources);
  if (!source) return null;
  const archive = await fetchArchive(source, options);
  const started = performance.now();
  const target = join(options.cache, 'libbpf', `${archive.sha256.slice(0, 32)}-${FORMAT}`);
  const state = await populateDirectory(target, async (folder) => build(archive.file, folder));
  if (state === 'built')
    options.say(`libbpf ${source.version} from the Debian source package: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return {
    version: source.version.replace(/-[^-]*$/, ''),
    origin: `Debian source package libbpf ${source.version}`,
    includeDir: join(target, 'include'),
    staticLib: join(target, 'lib/libbpf.a'),
  };
}

/** The system's libbpf-dev, for machines whose mirror has no source package that is new enough. */
async function fromSystem(): Promise<Libbpf | null> {
  const header = await readFile('/usr/include/bpf/libbpf_version.h', 'utf8').catch(() => '');
  const major = /LIBBPF_MAJOR_VERSION (\d+)/.exec(header)?.[1];
  const minor = /LIBBPF_MINOR_VERSION (\d+)/.exec(header)?.[1];
  if (!major || !minor || !atLeast([Number(major), Number(minor)], SYSTEM_OLDEST)) return null;
  const printed = await execa('gcc', ['-print-file-name=libbpf.a'], { reject: false });
  if (!printed.stdout.startsWith('/')) return null;
  const version = `${major}.${minor}`;
  return { version, origin: `system libbpf-dev ${version}`, includeDir: '/usr/include', staticLib: printed.stdout };
}

async function remembered(file: string): Promise<Libbpf | null> {
  const kept = parseCached(await readFile(file, 'utf8').catch(() => ''));
  if (!kept || typeof kept !== 'object') return null;
  const { version, origin, includeDir, staticLib } = kept as Partial<Record<keyof Libbpf, unknown>>;
  if (typeof version !== 'string' || typeof origin !== 'string' || typeof includeDir !== 'string' || typeof staticLib !== 'string')
    return null;
  const there = await readFile(staticLib).then(
    () => true,
    () => false,
  );
  return there ? { version, origin, includeDir, staticLib } : null;
}

/**
 * The libbpf to link with: what an earlier set-up chose, else built from source, else the system's.
 * @throws UserError when there is none at all
 */
export async function ensureLibbpf(options: SetupOptions): Promise<Libbpf> {
  const memory = join(options.cache, 'libbpf', `chosen-${FORMAT}.json`);
  const kept = await remembered(memory);
  if (kept) return kept;
  let why = 'the mirror has no source package of libbpf that is new enough';
  const built = await fromSource(options).catch((error: unknown) => {
    if (!(error instanceof InfraError) && !(error instanceof UserError)) throw error;
    why = messageOf(error);
    return null;
  });
  if (!built) options.say(`libbpf ${WANTED} cannot be built (${why}); taking the system's`);
  const chosen = built ?? (await fromSystem());
  if (!chosen) throw new UserError(`no libbpf to build the guest helper with: ${why}; on Debian: apt-get install libbpf-dev`);
  await writeFileAtomic(memory, `${JSON.stringify(chosen, null, 2)}\n`);
  return chosen;
}

// Static libraries of Debian for another architecture, in the cache: apt downloads and verifies their packages, and nothing is installed.
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseStanza } from '../../kernels/apt/deb822.ts';
import { digestOf } from '../base/digest.ts';
import { InfraError } from '../base/errors.ts';
import { populateDirectory } from '../base/populate.ts';
import { lastLines, run, secondsSince } from './command.ts';
import { MissingCompiler } from './loader-build.ts';

/** Development packages of what libbpf needs. */
const PACKAGES = ['libelf-dev', 'zlib1g-dev', 'libzstd-dev'] as const;
/** Part of the key in the cache. Raise it when the content of the folder changes. */
const BUILD = 1;

/** A package, and the source package that it was built from: `elfutils 0.188-2.1`. */
interface Wanted {
  name: string;
  source: string;
}

/** Where the headers and libraries of another architecture are. */
export interface Sysroot {
  folder: string;
  packages: readonly Wanted[];
  includeDir: string;
  libDir: string;
  /** Folder of the packages' documents, with the texts of their licences. */
  docDir: string;
  /** The same for the same versions of all packages. */
  key: string;
}

/** Debian's name of the architecture, and of its folder of libraries. */
const NAMES = { arm64: { debian: 'arm64', folder: 'aarch64-linux-gnu' } } as const;
type ForeignArch = keyof typeof NAMES;

/** The sources of the packages that this machine links its own programs with, so that the programs of all architectures have the same parts. */
async function wantedPackages(): Promise<Wanted[]> {
  const format = '${Package}\t${source:Package} ${source:Version}\n';
  const { ok, stdout, said } = await run(['dpkg-query', '--show', `--showformat=${format}`, ...PACKAGES]);
  if (!ok)
    throw new MissingCompiler(`dpkg does not know ${PACKAGES.join(', ')}, whose versions for other architectures are needed: ${said}`);
  return stdout.split('\n').map((line) => {
    const [name = '', source = ''] = line.split('\t');
    return { name, source };
  });
}

/** The version of a package among those that apt offers (output of `apt-cache show`) that was built from a source; null without one. */
export function versionFrom(source: string, offered: string): string | null {
  for (const text of offered.split('\n\n')) {
    const { package: name = '', version = '', source: named = name } = parseStanza(text);
    const [, sourceName = '', sourceVersion = version] = /^(\S+)(?: \((\S+)\))?$/.exec(named) ?? [];
    if (version !== '' && `${sourceName} ${sourceVersion}` === source) return version;
  }
  return null;
}

/** Options by which apt works in a folder, for another architecture, and leaves the system as it is. It accepts only what it can verify. */
function aptOptions(folder: string, arch: ForeignArch): string[] {
  return [
    `APT::Architecture=${NAMES[arch].debian}`,
    `APT::Architectures=${NAMES[arch].debian}`,
    'APT::Get::AllowUnauthenticated=false',
    'Acquire::AllowInsecureRepositories=false',
    'Acquire::Languages=none',
    `Dir::Cache=${folder}`,
    `Dir::State::Lists=${join(folder, 'lists')}`,
    'Dir::State::status=/dev/null',
  ].flatMap((option) => ['-o', option]);
}

async function download(wanted: readonly Wanted[], folder: string, arch: ForeignArch): Promise<void> {
  const options = aptOptions(folder, arch);
  await mkdir(join(folder, 'lists/partial'), { recursive: true });
  const updated = await run(['apt-get', ...options, '-q', 'update']);
  const names: string[] = [];
  for (const { name, source } of wanted) {
    const { stdout } = await run(['apt-cache', ...options, 'show', name]);
    const version = versionFrom(source, stdout);
    if (version === null) {
      throw new MissingCompiler(`apt has no ${name} for ${arch} from the source package ${source} of this machine; try: apt-get upgrade`, {
        detail: lastLines(updated.said, 3),
      });
    }
    names.push(`${name}=${version}`);
  }
  const { ok, said } = await run(['apt-get', ...options, '-q', 'download', ...names], { cwd: folder });
  if (!ok) throw new MissingCompiler(`apt cannot download ${names.join(' ')} for ${arch}:`, { detail: lastLines(said, 3) });
}

async function unpack(from: string, target: string): Promise<void> {
  const archives = (await readdir(from)).filter((name) => name.endsWith('.deb'));
  for (const name of archives) {
    const { ok, said } = await run(['dpkg-deb', '--extract', join(from, name), target]);
    if (!ok) throw new InfraError(`${name} cannot be unpacked:`, { detail: lastLines(said, 3) });
  }
}

/**
 * The libraries for another architecture; downloaded unless the cache has those of the same versions.
 * @throws MissingCompiler where dpkg or apt does not have them
 */
export async function ensureSysroot(arch: ForeignArch, options: { cache: string; onNote: (text: string) => void }): Promise<Sysroot> {
  const wanted = await wantedPackages();
  const key = await digestOf([], arch, String(BUILD), ...wanted.map(({ name, source }) => `${name} ${source}`));
  const folder = join(options.cache, 'sysroot', key);
  const started = performance.now();
  const state = await populateDirectory(folder, async (building) => {
    const work = join(building, 'apt');
    await download(wanted, work, arch);
    await unpack(work, building);
    await rm(work, { recursive: true });
  });
  if (state === 'built') options.onNote(`libraries for ${arch} from apt: ${secondsSince(started)}`);
  return {
    folder,
    packages: wanted,
    includeDir: join(folder, 'usr/include'),
    libDir: join(folder, 'usr/lib', NAMES[arch].folder),
    docDir: join(folder, 'usr/share/doc'),
    key,
  };
}

// The tools of Debian's package libbpf-tools, unpacked in the cache with the libraries of their suite.
import { readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { InfraError, UserError } from '../../harness/base/errors.ts';
import { populateDirectory } from '../../harness/base/populate.ts';
import { parseStanza } from '../../kernels/apt/deb822.ts';
import { type PackageFile, withPackage } from '../../kernels/sources/debian/fetch.ts';
import { readStanzas } from '../../kernels/sources/debian/index-file.ts';
import { readSuites } from '../../kernels/sources/debian/suite.ts';
import { embeddedObject } from './embedded.ts';

const PACKAGE = 'libbpf-tools';
/** The package, and the libraries that its tools need. The name of the package of libelf depends on the suite. */
const WANTED: ReadonlySet<string> = new Set([PACKAGE, 'libc6', 'libelf1', 'libelf1t64', 'zlib1g', 'libzstd1']);
export const LINKER = 'ld-linux-x86-64.so.2';
const LIBRARIES = [LINKER, 'libc.so.6', 'libelf.so.1', 'libz.so.1', 'libzstd.so.1'] as const;
const LIBRARY_FOLDERS = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'] as const;

export interface Tool {
  /** Its name upstream: `opensnoop`, which is `opensnoop-libbpf` in newer suites. */
  name: string;
  /** Path of the executable. */
  program: string;
  /** Path of the BPF object that it has. */
  object: string;
}

export interface InstalledTools {
  version: string;
  tools: readonly Tool[];
  /** The dynamic linker and all shared libraries, by their names. */
  libraries: readonly { name: string; path: string }[];
}

interface ListedPackage {
  version: string;
  file: PackageFile & { kind: 'listed' };
}

/** The wanted packages of a suite of the machine's mirrors. */
async function listedPackages(name: string, cache: string): Promise<ListedPackage[]> {
  const options = { cache };
  const suite = (await readSuites(options)).find((each) => each.name === name);
  if (!suite) throw new UserError(`the mirrors of this machine have no suite '${name}'; expected for example sid or bookworm`);
  const selection = {
    index: 'main/binary-amd64/Packages',
    name: PACKAGE,
    wanted: (stanza: string) => WANTED.has(/^Package: (\S+)$/m.exec(stanza.slice(0, 200))?.[1] ?? ''),
  };
  return (await readStanzas(suite, selection, options)).flatMap((stanza) => {
    const { package: found, version, filename: path, size, sha256 } = parseStanza(stanza);
    if (found === undefined || version === undefined || path === undefined || sha256 === undefined) return [];
    const { trust } = suite;
    return [
      {
        version,
        file: { kind: 'listed', name: found, archive: suite.mirror.archive, path, expected: { size: Number(size), sha256 }, trust },
      },
    ];
  });
}

async function firstPath(root: string, name: string): Promise<string> {
  for (const folder of LIBRARY_FOLDERS) {
    const path = await realpath(join(root, folder, name)).catch(() => null);
    if (path !== null) return path;
  }
  throw new InfraError(`${root}: no package has ${name}`);
}

/** Writes the object of each tool to the folder `objects`. Links to tools, such as ext4dist, are left out. */
async function writeObjects(folder: string): Promise<void> {
  const programs = join(folder, 'root/usr/sbin');
  for (const entry of await readdir(programs, { withFileTypes: true })) {
    const object = entry.isFile() ? embeddedObject(await readFile(join(programs, entry.name))) : null;
    if (object) await writeFile(join(folder, 'objects', `${entry.name.replace(/-libbpf$/, '')}.bpf.o`), object);
  }
}

async function unpack(packages: readonly ListedPackage[], folder: string, cache: string): Promise<void> {
  await execa('mkdir', [join(folder, 'root'), join(folder, 'objects')]);
  for (const { file } of packages) {
    const done = await withPackage(file, { cache }, async (deb) => {
      await execa('dpkg-deb', ['-x', deb, join(folder, 'root')]);
      return true;
    });
    if (done !== true) throw new InfraError(`no mirror of this machine has ${file.path}`);
  }
  await writeObjects(folder);
}

async function toolsIn(folder: string): Promise<Tool[]> {
  const objects = (await readdir(join(folder, 'objects'))).toSorted();
  const programs = new Set(await readdir(join(folder, 'root/usr/sbin')));
  return objects.map((file) => {
    const name = file.replace(/\.bpf\.o$/, '');
    const program = programs.has(name) ? name : `${name}-libbpf`;
    return { name, program: join(folder, 'root/usr/sbin', program), object: join(folder, 'objects', file) };
  });
}

/**
 * Downloads and unpacks the tools of a suite, unless the cache has them.
 * @param suite name of a Debian suite: `sid`
 * @throws UserError if the mirrors of this machine do not have the suite; InfraError if a package cannot be downloaded
 */
export async function installedTools(suite: string, cache: string): Promise<InstalledTools> {
  const packages = await listedPackages(suite, cache);
  const main = packages.find(({ file }) => file.name === PACKAGE);
  if (!main) throw new UserError(`the suite ${suite} has no package ${PACKAGE}`);
  const folder = join(cache, 'test', `${PACKAGE}-${suite}-${main.file.expected.sha256.slice(0, 16)}`);
  await populateDirectory(folder, async (building) => unpack(packages, building, cache));
  const libraries = await Promise.all(LIBRARIES.map(async (name) => ({ name, path: await firstPath(join(folder, 'root'), name) })));
  return { version: main.version, tools: await toolsIn(folder), libraries };
}

// Finds the libraries in the programs of the package: name, exact version, and where the texts of their licences are on this machine.
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { InfraError } from '../../base/errors.ts';
import { GO_ENVIRONMENT, CILIUM_FOLDER, modulesFlags } from '../cilium.ts';
import { run } from '../command.ts';
import type { Toolchain } from '../toolchain.ts';

/** A library in a program of the package. */
export interface Component {
  /** For example `elfutils 0.188-2.1 (Debian source package)`. */
  name: string;
  /** Paths of the texts of its licence. */
  texts: readonly string[];
}

/** Static libraries of Debian in the agents, beside those that a sysroot has. */
const SYSROOT_LIBRARIES = ['libelf.a', 'libz.a', 'libzstd.a'];
/** The C library, and the compiler's own functions, with the names of their sources. Packages of a cross compiler have other sources. */
const COMPILER_LIBRARIES: Readonly<Record<string, RegExp>> = { 'libc.a': /^glibc$/, 'libgcc.a': /^gcc-\d+$/ };
/** Texts that Debian's copyright files refer to. */
const COMMON_LICENCES = ['LGPL-2.1', 'LGPL-3', 'GPL-2', 'GPL-3'].map((name) => join('/usr/share/common-licenses', name));
const LICENCE_NAME = /^(?:LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)/i;

async function output(command: readonly string[], options: Parameters<typeof run>[1] = {}): Promise<string> {
  const { ok, stdout, said } = await run(command, options);
  if (!ok) throw new InfraError(`${command.join(' ')} failed, and the package must name the licences of its parts:`, { detail: said });
  return stdout;
}

/** The texts of licences directly in a folder. */
export async function textsIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => LICENCE_NAME.test(name));
  return names.toSorted().map((name) => join(folder, name));
}

/** What a package was built from, of the sources that it names: `glibc 2.36-8`. */
function builtFrom(builtUsing: string, name: RegExp): string | null {
  const sources = [...builtUsing.matchAll(/([^\s,]+) \(= ([^)]+)\)/g)].map(([, source = '', version = '']) => ({ source, version }));
  const found = sources.find(({ source }) => name.test(source));
  return found ? `${found.source} ${found.version}` : null;
}

/** The source package of a library that a compiler finds. */
async function debianComponent(gcc: string, library: string): Promise<Component> {
  const path = await realpath(await output([gcc, `-print-file-name=${library}`]));
  const [owner = ''] = (await output(['dpkg-query', '--search', path])).split(/:[ \w]/);
  const format = '${source:Package} ${source:Version}\t${Built-Using}';
  const [source = '', builtUsing = ''] = (await output(['dpkg-query', '--show', `--showformat=${format}`, owner])).split('\t');
  const original = builtFrom(builtUsing, COMPILER_LIBRARIES[library] ?? /^$/);
  return { name: `${original ?? source} (Debian source package)`, texts: [join('/usr/share/doc', owner, 'copyright')] };
}

/** Libraries of Debian in the agents that a compiler links, with the texts of the GNU licences. */
export async function agentComponents({ gcc, sysroot }: Toolchain): Promise<Component[]> {
  const own = sysroot?.packages.map(({ name, source }) => ({
    name: `${source} (Debian source package)`,
    texts: [join(sysroot.docDir, name, 'copyright')],
  }));
  const libraries = [...(sysroot ? [] : SYSROOT_LIBRARIES), ...Object.keys(COMPILER_LIBRARIES)];
  const found = await Promise.all(libraries.map(async (library) => debianComponent(gcc, library)));
  return [...(own ?? []), ...found, { name: 'GNU', texts: COMMON_LICENCES }];
}

/** Go and the modules in the loader program for a release of cilium/ebpf. */
export async function goComponents(release: string): Promise<Component[]> {
  const format = '{{with .Module}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}';
  const options = { cwd: CILIUM_FOLDER, env: GO_ENVIRONMENT };
  const listed = await output(['go', 'list', '-mod=readonly', ...modulesFlags(release), '-deps', '-f', format, '.'], options);
  const modules = [...new Set(listed.split('\n'))].flatMap((line) => {
    const [name = '', folder = ''] = line.split('\t');
    return /\S \S/.test(name) ? [{ name, folder }] : [];
  });
  const own = { name: await output(['go', 'env', 'GOVERSION']), folder: await output(['go', 'env', 'GOROOT']) };
  return Promise.all([own, ...modules].map(async ({ name, folder }) => ({ name, texts: await textsIn(folder) })));
}

const metadataSchema = z.object({
  packages: z.array(
    z.object({
      name: z.string(),
      version: z.string(),
      license: z.string().nullable(),
      source: z.string().nullable(),
      manifest_path: z.string(),
    }),
  ),
});

/**
 * The crates in a loader program with aya, and Rust's own library.
 * @param manifests folder of the manifest that cargo builds
 */
export async function rustComponents(manifests: string, target: string): Promise<Component[]> {
  const listed = await output(['cargo', 'metadata', '--format-version=1', '--locked', `--filter-platform=${target}`], { cwd: manifests });
  const { packages } = metadataSchema.parse(JSON.parse(listed));
  const licences = join(await output(['rustc', '--print', 'sysroot']), 'share/doc/rust/licenses');
  const text = (name: string) => join(licences, `${name}.txt`);
  /** Some crates name their licence only in their manifest. */
  const usual = (license: string | null) => ['Apache-2.0', 'MIT'].filter((name) => license?.includes(name)).map(text);
  const crates = packages.filter(({ source }) => source !== null);
  const found = crates.map(async ({ name, version, license, manifest_path }) => {
    const own = await textsIn(join(manifest_path, '..'));
    return { name: `${name} ${version}`, texts: own.length > 0 ? own : usual(license) };
  });
  const compiler = (await output(['rustc', '--version'])).split(' ', 2).join(' ').replace('rustc', 'Rust');
  const library = { name: compiler, texts: ['Apache-2.0', 'MIT', 'BSD-2-Clause', 'LLVM-exception', 'Unicode-3.0'].map(text) };
  return [library, ...(await Promise.all(found))];
}

// Compiles the sources of this folder as a Go project does: with bpf2go, in the releases that the sum files pin.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { digestOf, filesIn } from '../../../../harness/base/digest.ts';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { LIBRARY_RELEASES } from '../../../../harness/base/loader-name.ts';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';
import { populateDirectory } from '../../../../harness/base/populate.ts';
import { GO_ENVIRONMENT, modulesFlags } from '../../../../harness/setup/cilium.ts';
import { ensureLibbpf } from '../../../../harness/setup/libbpf.ts';

const FOLDER = join(PACKAGE_ROOT, 'test/harness/loaders/go-project');
const ENDING = '.bpf.c';
const RELEASES = LIBRARY_RELEASES.cilium;
const BPF2GO = 'github.com/cilium/ebpf/cmd/bpf2go';

/** Options of bpf2go beside those that every source gets. Go has no name for the pointers of the kernel. */
const OPTIONS: Readonly<Record<string, { target?: 'amd64'; options?: readonly string[] }>> = {
  amd64_registers: { target: 'amd64' },
  kptrs: { options: ['-no-global-types'] },
  struct_ops_link: { options: ['-no-global-types'] },
};

/** An object that a release of bpf2go compiled. */
export interface GoObject {
  /** The name of its source: `core_fields`. */
  name: string;
  path: string;
  /** The release of bpf2go: `0.22`. */
  release: string;
  /** What bpf2go says against the object; null if it writes Go for it. */
  refusal: string | null;
}

/** Debian keeps asm/types.h in a folder named after the host, where clang for BPF does not look. */
async function compilerFlags(): Promise<string[]> {
  const { includeDir } = await ensureLibbpf({ onNote: () => {}, cache: cacheRoot() });
  const { stdout: host } = await execa('gcc', ['-print-multiarch']);
  const warnings = ['-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter'];
  return [...warnings, `-ffile-prefix-map=${includeDir}=include`, '-isystem', includeDir, '-idirafter', `/usr/include/${host}`];
}

/** The name that bpf2go gives to an object. */
function objectName(name: string): string {
  return OPTIONS[name]?.target === 'amd64' ? `${name}_x86_bpfel.o` : `${name}_bpfel.o`;
}

/**
 * Compiles one source, and returns what bpf2go says against the object. bpf2go reads each object that it compiled, and leaves an object on
 * the disk that it refuses.
 */
async function compile(bpf2go: string, name: string, { flags, folder }: { flags: readonly string[]; folder: string }): Promise<string> {
  const { target = 'bpfel', options = [] } = OPTIONS[name] ?? {};
  const output = ['-go-package', 'project', '-output-dir', folder, '-output-stem', name];
  const words = [...output, '-target', target, ...options, name.replaceAll('_', ''), `${name}${ENDING}`, '--', ...flags];
  const { exitCode, stderr } = await execa(bpf2go, words, { cwd: FOLDER, reject: false });
  const [, refusal] = /^Error: can't load BPF from ELF: file \S+: (.*)$/m.exec(stderr) ?? [];
  if (exitCode !== 0 && refusal === undefined) throw new Error(`bpf2go does not compile ${name}${ENDING}:\n${stderr}`);
  return refusal ?? '';
}

async function buildAll(release: string, folder: string, names: readonly string[], flags: readonly string[]): Promise<void> {
  const bpf2go = join(folder, 'bpf2go');
  await execa('go', ['build', '-mod=readonly', ...modulesFlags(release), '-o', bpf2go, BPF2GO], { cwd: FOLDER, env: GO_ENVIRONMENT });
  const objects = join(folder, 'objects');
  await mkdir(objects);
  for (const name of names) {
    const refusal = await compile(bpf2go, name, { flags, folder: objects });
    await writeFile(join(folder, `${name}.refusal`), refusal);
  }
}

/**
 * Compiles all sources with each release of bpf2go, or returns the objects of an earlier build.
 * @throws Error if a source does not compile
 */
export async function buildGoProject(): Promise<GoObject[]> {
  const sources = await filesIn(FOLDER, [ENDING]);
  const names = sources.map((source) => basename(source, ENDING));
  const flags = await compilerFlags();
  const [clang, go] = await Promise.all([execa('clang', ['--version']), execa('go', ['version'])]);
  const inputs = [clang.stdout, go.stdout, ...flags, JSON.stringify(OPTIONS)];
  const objects: GoObject[] = [];
  for (const release of RELEASES) {
    const digest = await digestOf(await filesIn(FOLDER, [ENDING, '.mod', '.sum', 'build.ts']), release, ...inputs);
    const folder = join(cacheRoot(), 'test', 'go-project', digest);
    await populateDirectory(folder, async (building) => buildAll(release, building, names, flags));
    for (const name of names) {
      const refusal = await readFile(join(folder, `${name}.refusal`), 'utf8');
      objects.push({ name, path: join(folder, 'objects', objectName(name)), release, refusal: refusal === '' ? null : refusal });
    }
  }
  return objects;
}

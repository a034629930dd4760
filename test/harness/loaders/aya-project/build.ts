// Compiles the sources of this folder as a Rust project with aya does: for BPF, with the library of Rust built from its sources, linked by bpf-linker.
import { cp, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { digestOf, filesIn } from '../../../../harness/base/digest.ts';
import { cacheRoot } from '../../../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';
import { populateDirectory } from '../../../../harness/base/populate.ts';
import { readAnySize } from '../../../../harness/base/cached-file.ts';
import { withSources } from '../../../../harness/setup/aya.ts';

const FOLDER = join(PACKAGE_ROOT, 'test/harness/loaders/aya-project');
const TARGET = 'bpfel-unknown-none';
/** Separates flags in CARGO_ENCODED_RUSTFLAGS. */
const BETWEEN_FLAGS = '\u001F';

/** What builds the objects: version lines, or what this machine lacks. */
export type RustForBpf = { missing: null; versions: readonly string[] } | { missing: string };

async function firstLine(program: string, ...words: readonly string[]): Promise<string | null> {
  const { exitCode, stdout } = await execa(program, words, { reject: false });
  return exitCode === 0 ? stdout : null;
}

/** Looks for cargo, rustc with the sources of its library, and bpf-linker. */
export async function rustForBpf(): Promise<RustForBpf> {
  const [rustc, sysroot, linker] = await Promise.all([
    firstLine('rustc', '--version'),
    firstLine('rustc', '--print', 'sysroot'),
    firstLine('bpf-linker', '--version'),
  ]);
  if (rustc === null || sysroot === null) return { missing: 'rustc' };
  const library = join(sysroot, 'lib/rustlib/src/rust/library/core');
  if ((await stat(library).catch(() => null)) === null) return { missing: "the sources of Rust's library (component rust-src)" };
  if (linker === null) return { missing: 'bpf-linker' };
  return { missing: null, versions: [rustc, linker] };
}

/** The folders of crates that cargo downloaded, one for each registry. Their names contain that of the registry. */
async function crateFolders(cargoHome: string): Promise<string[]> {
  const folder = join(cargoHome, 'registry/src');
  return (await readdir(folder)).map((name) => join(folder, name));
}

/** The flags that aya-build gives to rustc, and names for folders of this machine, which then do not get into objects. */
async function compilerFlags(work: string): Promise<string> {
  const cargoHome = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo');
  const sysroot = (await firstLine('rustc', '--print', 'sysroot')) ?? '';
  const folders = [[work, '/aya-project'], [sysroot, '/rust'], ...(await crateFolders(cargoHome)).map((folder) => [folder, '/crates'])];
  const names = folders.map(([from, to]) => `--remap-path-prefix=${from}=${to}`);
  return ['--cfg=bpf_target_arch="x86_64"', '-Cdebuginfo=2', '-Clink-arg=--btf', ...names].join(BETWEEN_FLAGS);
}

async function build(folder: string, names: readonly string[]): Promise<void> {
  const work = `${folder}.work`;
  const target = join(work, 'target');
  await mkdir(work, { recursive: true });
  await cp(join(FOLDER, 'src'), join(work, 'src'), { recursive: true });
  await cp(join(FOLDER, 'Cargo.toml'), join(work, 'Cargo.toml'));
  await execa('cargo', ['generate-lockfile', '--quiet'], { cwd: work });
  const lock = join(work, 'Cargo.lock');
  const [pinned, own] = await Promise.all([join(FOLDER, 'Cargo.lock'), lock].map(async (path) => readAnySize(path)));
  await writeFile(lock, withSources(String(pinned), String(own)));
  await execa('cargo', ['fetch', '--quiet', '--locked'], { cwd: work });
  const env = { CARGO_TARGET_DIR: target, CARGO_ENCODED_RUSTFLAGS: await compilerFlags(work), RUSTC_BOOTSTRAP: '1' };
  const words = ['build', '--quiet', '--release', '--locked', '--bins', '-Z', 'build-std=core', '--target', TARGET];
  await execa('cargo', words, { cwd: work, env });
  for (const name of names) await cp(join(target, TARGET, 'release', name), join(folder, `${name}.o`));
  await rm(work, { recursive: true });
}

/** The names of the objects: `xdp_counters`. */
async function objectNames(): Promise<string[]> {
  return (await readdir(join(FOLDER, 'src/bin'))).map((name) => basename(name, '.rs')).toSorted();
}

/**
 * Compiles all sources, or returns the objects of an earlier build.
 * @param versions the version lines of the programs that build them
 * @returns the paths of the objects
 * @throws Error if a source does not compile
 */
export async function buildAyaProject(versions: readonly string[]): Promise<string[]> {
  const names = await objectNames();
  const own = ['src/lib.rs', 'Cargo.toml', 'Cargo.lock', 'build.ts'].map((name) => join(FOLDER, name));
  const digest = await digestOf([...(await filesIn(join(FOLDER, 'src/bin'), ['.rs'])), ...own], ...versions);
  const folder = join(cacheRoot(), 'test', 'aya-project', digest);
  await populateDirectory(folder, async (building) => build(building, names));
  return names.map((name) => join(folder, `${name}.o`));
}

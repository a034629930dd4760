// The loader program with aya: built by cargo from harness/loaders/aya/. Its lock files pin every crate by its checksum.
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { readAnySize } from '../base/cached-file.ts';
import { InfraError } from '../base/errors.ts';
import { filesIn } from '../base/digest.ts';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import { lastLines, run, versionLine } from './command.ts';
import { type LoaderBuild, MissingCompiler } from './loader-build.ts';

const FOLDER = join(PACKAGE_ROOT, 'harness/loaders/aya');
/** A target of its own, because only then flags do not also apply to programs that run during the build. */
export const AYA_TARGET = 'x86_64-unknown-linux-gnu';
/** Separates flags in CARGO_ENCODED_RUSTFLAGS, so that a path may contain spaces. */
const BETWEEN_FLAGS = '\u001F';

async function textOf(path: string): Promise<string> {
  return (await readAnySize(path)).toString('utf8');
}

/** A line of a manifest: `version = "0.14.0"`. */
function stated(manifest: string, key: string): string {
  const [, value] = new RegExp(`^${key} = "=?([^"]+)"`, 'm').exec(manifest) ?? [];
  if (value === undefined) throw new Error(`the manifest names no ${key}`);
  return value;
}

/** Whether `rustc 1.87.0 (…)` is at least `1.87`. */
function isNewEnough(line: string, needed: string): boolean {
  const [, major, minor] = /^rustc (\d+)\.(\d+)/.exec(line) ?? [];
  const [neededMajor, neededMinor] = needed.split('.').map(Number);
  return Number(major) > Number(neededMajor) || (Number(major) === Number(neededMajor) && Number(minor) >= Number(neededMinor));
}

async function cargo(release: string, cwd: string, command: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const { ok, said } = await run(['cargo', ...command], { cwd, env });
  if (!ok) throw new InfraError(`the loader program with aya ${release} does not build:`, { detail: lastLines(said, 30) });
}

/**
 * Puts back what lock files in this repository leave out: the registry of each crate, which cargo on this machine knows.
 * @param own a lock file that cargo wrote here
 */
export function withSources(lock: string, own: string): string {
  const [source] = /^source = "registry\+[^"]+"$/m.exec(own) ?? [];
  if (source === undefined) throw new Error('the lock file of cargo names no registry');
  return lock.replaceAll(/^checksum = /gm, `${source}\nchecksum = `);
}

/**
 * Copies the sources for a release of aya into a folder, with a lock file that cargo accepts.
 * @returns the folder of the manifest
 * @throws InfraError if cargo cannot read the registry
 */
export async function prepareAya(release: string, folder: string): Promise<string> {
  const manifests = join(folder, release);
  await mkdir(manifests, { recursive: true });
  const copied = { recursive: true, preserveTimestamps: true };
  await cp(join(FOLDER, 'src'), join(folder, 'src'), copied);
  await cp(join(FOLDER, release, 'Cargo.toml'), join(manifests, 'Cargo.toml'), copied);
  await cargo(release, manifests, ['generate-lockfile', '--quiet']);
  const lock = join(manifests, 'Cargo.lock');
  const pinned = await textOf(join(FOLDER, release, 'Cargo.lock'));
  await writeFile(lock, withSources(pinned, await textOf(lock)));
  return manifests;
}

async function build(release: string, target: string): Promise<void> {
  const work = `${target}.work`;
  const manifests = await prepareAya(release, work);
  // Nothing of this machine gets into the program.
  const paths = { [work]: '/aya', [process.env['CARGO_HOME'] ?? join(homedir(), '.cargo')]: '/cargo' };
  const flags = ['-Ctarget-feature=+crt-static', ...Object.entries(paths).map(([from, to]) => `--remap-path-prefix=${from}=${to}`)];
  await cargo(release, manifests, ['build', '--quiet', '--release', '--locked', '--target', AYA_TARGET], {
    CARGO_TARGET_DIR: join(work, 'target'),
    CARGO_ENCODED_RUSTFLAGS: flags.join(BETWEEN_FLAGS),
  });
  await mkdir(dirname(target), { recursive: true });
  await cp(join(work, 'target', AYA_TARGET, 'release/loader'), target);
  await rm(work, { recursive: true });
}

/**
 * How the loader program for a release of aya is built.
 * @param release one of the releases that a manifest is written for: `0.14`
 * @throws MissingCompiler if Rust is missing or too old
 */
export async function ayaBuild(release: string): Promise<LoaderBuild> {
  const manifest = join(FOLDER, release, 'Cargo.toml');
  const text = await textOf(manifest);
  const needed = stated(text, 'rust-version');
  const compiler = (await versionLine('cargo')) === null ? null : await versionLine('rustc');
  if (compiler === null || !isNewEnough(compiler, needed)) {
    const has = compiler === null ? 'none' : compiler.split(' ', 2).join(' ').replace('rustc', 'Rust');
    throw new MissingCompiler(`aya@${release} needs Rust ${needed} or newer to be built; this machine has ${has}`);
  }
  return {
    files: [...(await filesIn(join(FOLDER, 'src'), ['.rs'])), manifest, join(FOLDER, release, 'Cargo.lock')],
    inputs: [compiler, AYA_TARGET],
    release: stated(text, 'aya'),
    build: async (target) => build(release, target),
  };
}

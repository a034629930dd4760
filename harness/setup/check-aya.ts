// Checks the format of the Rust of the loader program with aya, and checks it with clippy for each release.
// usage: node dist/harness/setup/check-aya.js
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';
import { cacheRoot } from '../base/files.ts';
import { PACKAGE_ROOT } from '../base/package-root.ts';
import { ayaBuild, prepareAya } from './aya.ts';
import { run } from './command.ts';
import { MissingCompiler } from './loader-build.ts';

const FOLDER = join(PACKAGE_ROOT, 'harness/loaders/aya');

/** Prints the output of a command that fails. Returns whether it succeeded. */
async function passes(command: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<boolean> {
  const { ok, said } = await run(command, { cwd, env });
  if (!ok) process.stdout.write(`${said}\n`);
  return ok;
}

/** The releases of aya with a manifest: `0.13`, `0.14`. */
async function releases(): Promise<string[]> {
  return (await readdir(FOLDER)).filter((name) => /^\d+\.\d+$/.test(name)).toSorted();
}

/** Checks with a folder in the cache, so that crates are compiled only once. */
async function clippy(release: string): Promise<boolean> {
  await ayaBuild(release);
  const folder = join(cacheRoot(), 'check-aya', release);
  const manifests = await prepareAya(release, folder);
  const env = { CARGO_TARGET_DIR: join(folder, 'target') };
  return passes(['cargo', 'clippy', '--quiet', '--locked', '--', '-D', 'warnings'], manifests, env);
}

async function check(): Promise<boolean> {
  const isFormatted = await passes(['rustfmt', '--check', '--config-path', FOLDER, 'src/main.rs'], FOLDER);
  const names = await releases();
  let isClean = true;
  for (const release of names) isClean = (await clippy(release)) && isClean;
  const found = isFormatted && isClean ? 'rustfmt and clippy find no fault' : 'see above';
  process.stdout.write(`Rust of the loader program with aya ${names.join(' and ')}: ${found}\n`);
  return isFormatted && isClean;
}

try {
  process.exitCode = (await check()) ? 0 : 1;
} catch (error) {
  // A contributor without Rust still runs all other checks. CI has Rust.
  if (!(error instanceof MissingCompiler)) throw error;
  process.stdout.write(`the Rust of the loader program with aya is not checked: ${messageOf(error)}\n`);
}

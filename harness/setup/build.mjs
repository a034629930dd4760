// Builds dist/ unless it is newer than every source, in plain Node because nothing may be installed yet.
// usage: node harness/setup/build.mjs
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const SOURCES = ['harness', 'kernels', 'programs', 'reports'];

function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

/** Prints an error that the user can correct, and ends the process. */
export function stop(text) {
  process.stderr.write(`error: ${text}\n`);
  process.exit(2);
}

/** Runs a command in the package folder and prints how long it took; a command that fails ends the process. */
export function run(what, command, args) {
  const started = performance.now();
  // Output goes to standard error: standard output belongs to the command that set-up prepares.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) stop(`${what} failed${error ? `: ${error.message}` : ` with status ${status}`}`);
  say(`${what}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** When a file was changed, in milliseconds; 0 if it does not exist. */
export function modified(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** When the newest TypeScript source below a folder was changed. */
function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && entry.name.endsWith('.ts')) newest = Math.max(newest, modified(join(entry.parentPath, entry.name)));
  }
  return newest;
}

/** Builds dist/ if a source or a setting of the build is newer than the last build that succeeded. */
export function buildIfOutdated() {
  // The compiler leaves its own files alone when nothing changed in the output, and writes them when there were errors: so they do not show
  // whether the last build succeeded.
  const stamp = join(root, 'dist/.built');
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'rolldown.config.ts'].map((name) => modified(join(root, name)));
  if (modified(stamp) >= Math.max(...settings, ...SOURCES.map((folder) => newestSource(join(root, folder))))) return;
  const started = new Date();
  run('TypeScript build', 'npm', ['run', '--silent', 'build']);
  // A change that is made while the compiler runs belongs to the next build.
  writeFileSync(stamp, '');
  utimesSync(stamp, started, started);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildIfOutdated();

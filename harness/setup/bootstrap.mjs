// The first step of set-up, in plain Node because nothing is installed yet: dependencies, then the build, then the set-up proper.
// What is up to date is left alone, so that a second run costs next to nothing.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const SOURCES = ['harness', 'kernels', 'programs', 'reports'];
const MINIMUM = [20, 19];

function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

function stop(text) {
  process.stderr.write(`error: ${text}\n`);
  process.exit(2);
}

/** When a file was changed, in milliseconds; 0 for one that is not there. */
function modified(path) {
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

function run(what, command, args) {
  const started = Date.now();
  // Output goes to standard error: standard output belongs to the command that set-up prepares.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) stop(`${what} failed${error ? `: ${error.message}` : ` with status ${status}`}`);
  say(`${what}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
  stop(`Node ${MINIMUM.join('.')} or newer is needed; this is ${process.versions.node}`);
}

if (modified(join(root, 'node_modules/.package-lock.json')) < modified(join(root, 'package-lock.json'))) {
  run('npm packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

// The compiler leaves its own files alone when nothing changed in the output, and writes them when there were errors: neither says
// that the last build was good.
const stamp = join(root, 'dist/.built');
const settings = ['tsconfig.json', 'tsconfig.build.json', 'rolldown.config.ts'].map((name) => modified(join(root, name)));
if (modified(stamp) < Math.max(...settings, ...SOURCES.map((folder) => newestSource(join(root, folder))))) {
  const started = new Date();
  run('TypeScript build', 'npm', ['run', '--silent', 'build']);
  // What is changed while the compiler runs belongs to the next build.
  writeFileSync(stamp, '');
  utimesSync(stamp, started, started);
}

const { status, signal } = spawnSync(process.execPath, [join(root, 'dist/harness/cli/setup.js'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));

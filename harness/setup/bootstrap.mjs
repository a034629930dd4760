// The first step of set-up, in plain Node because nothing is installed yet: dependencies, then the build, then the set-up proper.
// What is up to date is left alone, so that a second run costs next to nothing.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
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

function modified(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0;
}

/** When the newest TypeScript source below a folder was changed. */
function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && entry.name.endsWith('.ts')) newest = Math.max(newest, modified(join(entry.parentPath ?? entry.path, entry.name)));
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

const built = modified(join(root, 'dist/.tsbuildinfo'));
const inputs = [...SOURCES.map((folder) => newestSource(join(root, folder))), modified(join(root, 'tsconfig.build.json'))];
if (built < Math.max(...inputs)) run('TypeScript build', 'npm', ['run', '--silent', 'build']);

const { status } = spawnSync(process.execPath, [join(root, 'dist/harness/setup/main.js'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? 1);

// The first step of set-up, in plain Node because nothing is installed yet: dependencies, then the build, then the set-up proper.
// It skips finished steps, so a second run takes almost no time.
import { spawnSync } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildIfOutdated, modified, run, stop } from './build.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const MINIMUM = [20, 19];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < MINIMUM[0] || (major === MINIMUM[0] && minor < MINIMUM[1])) {
  stop(`Node ${MINIMUM.join('.')} or newer is needed; this is ${process.versions.node}`);
}

if (modified(join(root, 'node_modules/.package-lock.json')) < modified(join(root, 'package-lock.json'))) {
  run('npm packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}

buildIfOutdated();

const { status, signal } = spawnSync(process.execPath, [join(root, 'dist/harness/cli/bootstrap.js'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(status ?? (signal === 'SIGINT' ? 130 : 1));

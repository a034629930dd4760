// Measures two simultaneous runs that share a cache without snapshots and unpacked kernels, without containers and then in containers.
// Prints the ratio of both times, because other work of the machine slows both.
import { copyFile, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { readCachedKernel } from '../../kernels/cache/cached-kernel.ts';
import { UserError } from '../../harness/base/errors.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

const MAIN = fileURLToPath(new URL('../../harness/cli/main.js', import.meta.url));
const CONTAINER = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const OBJECTS = ['task_state', 'exec_watch', 'verifier_limits'].map((name) => join(PACKAGE_ROOT, 'programs/build', `${name}.bpf.o`));
const ROUNDS = 3;
const KERNELS = 3;
/** The largest allowed ratio of the times with and without containers, with room for the noise of a busy machine. */
const GOAL = 1.3;

/** Kernel images in the machine's cache, as files that a run with a cold cache must unpack. */
async function images(): Promise<string[]> {
  const folder = join(cacheRoot(), 'kernels');
  const found: string[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const kernel = await readCachedKernel(join(folder, name));
    if (kernel?.arch === 'x86_64' && kernel.image) found.push(join(folder, name, 'image'));
  }
  return found.slice(0, KERNELS);
}

/** Makes a cache with the products of set-up, but without those of runs. */
async function coldCache(folder: string): Promise<string> {
  const cache = join(folder, 'cache');
  await mkdir(cache);
  for (const name of ['agent', 'libbpf', 'debian']) await symlink(join(cacheRoot(), name), join(cache, name));
  await copyFile(join(cacheRoot(), 'accel.json'), join(cache, 'accel.json')).catch(() => undefined);
  return cache;
}

/** Starts two runs at once. Returns the seconds until both have ended, and their lines about guests without a verdict. */
async function pair(place: readonly string[], kernels: readonly string[]): Promise<{ seconds: number; trouble: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'containers-'));
  try {
    const env = { COREMATRIX_CACHE: await coldCache(folder), TMPDIR: folder };
    const started = performance.now();
    const runs = ['one', 'two'].map(async (out) => {
      const selectors = kernels.flatMap((path) => ['-k', `file:${path}`]);
      const run = [process.execPath, MAIN, 'run', '--no-cache', ...OBJECTS, ...selectors, '-o', join(folder, out)];
      const [file = '', ...args] = [...place, ...run];
      const { stdout, stderr } = await execa(file, args, { cwd: folder, env, reject: false, stdin: 'ignore' });
      return `${stdout}\n${stderr}`.split('\n').filter((line) => /^infra |flaky|^error/.test(line));
    });
    const trouble = (await Promise.all(runs)).flat();
    return { seconds: (performance.now() - started) / 1000, trouble };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const kernels = await images();
if (kernels.length === 0) throw new UserError(`${join(cacheRoot(), 'kernels')} has no kernel: run corematrix kernels pull debian:6.12`);
let [plain, contained] = [0, 0];
for (let round = 1; round <= ROUNDS; round += 1) {
  const without = await pair([], kernels);
  const within = await pair(CONTAINER, kernels);
  plain += without.seconds;
  contained += within.seconds;
  process.stdout.write(
    `round ${round}: ${without.seconds.toFixed(1)} s without containers, ${within.seconds.toFixed(1)} s in containers\n`,
  );
  for (const line of [...without.trouble, ...within.trouble]) process.stdout.write(`  ${line}\n`);
  if (within.trouble.length > 0) process.exitCode = 1;
}
const ratio = contained / plain;
process.stdout.write(`ratio ${ratio.toFixed(2)}, goal ${GOAL}\n`);
if (ratio > GOAL) process.exitCode = 1;

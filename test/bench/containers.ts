// Two runs at once on one cache without snapshots and unpacked kernels: in containers that share it, against the same two without
// containers. The figure is a ratio of both in turn, because the machine has other work, too.
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
/** Containers may cost no more than this times the runs without, the noise of a busy machine included. */
const GOAL = 1.3;

/** Images of the machine's cache, as files that a cold cache has to unpack. */
async function images(): Promise<string[]> {
  const folder = join(cacheRoot(), 'kernels');
  const found: string[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const kernel = await readCachedKernel(join(folder, name));
    if (kernel?.arch === 'x86_64' && kernel.image) found.push(join(folder, name, 'image'));
  }
  return found.slice(0, KERNELS);
}

/** A cache with what set-up made, and nothing that a run makes. */
async function coldCache(folder: string): Promise<string> {
  const cache = join(folder, 'cache');
  await mkdir(cache);
  for (const name of ['agent', 'libbpf', 'debian']) await symlink(join(cacheRoot(), name), join(cache, name));
  await copyFile(join(cacheRoot(), 'accel.json'), join(cache, 'accel.json')).catch(() => undefined);
  return cache;
}

/** Seconds until both of two runs have ended, and what they said of guests that gave no verdict. */
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

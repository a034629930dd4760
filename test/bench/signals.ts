// Sends SIGTERM to runs, each at a later moment, and measures the time until the run has ended. Exit code 1 if one needs more than two
// seconds or leaves a process.
// usage: node dist/test/bench/signals.js [moments, default 40]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { UserError } from '../../harness/base/errors.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';

const MAIN = fileURLToPath(new URL('../../harness/cli/main.js', import.meta.url));
const OBJECTS = ['task_state', 'verifier_limits'].map((name) => join(PACKAGE_ROOT, 'programs/build', `${name}.bpf.o`));
const KERNELS = ['debian:5.10', 'debian:6.12'];
const GOAL_MS = 2000;
const [MOMENTS = 40] = process.argv.slice(2).map(Number);
if (!Number.isInteger(MOMENTS) || MOMENTS < 1) throw new UserError(`'${process.argv[2]}' is not a number of moments`);

/** Runs that boot each guest, and runs that restore snapshots. */
const KINDS = [
  { name: 'booted guests', options: ['--isolation', 'boot'] },
  { name: 'guests from snapshots', options: ['--isolation', 'snapshot'] },
];

interface Ended {
  /** The last line of the run before the signal. */
  state: string;
  /** Milliseconds from the signal to the end of the run; null if the run ended before the signal. */
  tookMs: number | null;
  /** Processes that name the folder of the run after its end. */
  left: number;
}

async function processesOf(folder: string): Promise<number> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes(folder) && !line.startsWith('ps ')).length;
}

/** Starts a run and sends SIGTERM after a time, or lets it end by itself. */
async function interrupted(options: readonly string[], afterMs: number | null): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), 'signals-'));
  const controller = new AbortController();
  try {
    const args = [MAIN, 'run', '-v', '--no-cache', ...OBJECTS, ...KERNELS.flatMap((kernel) => ['-k', kernel]), ...options];
    const run = execa(process.execPath, args, { cwd: folder, env: { TMPDIR: folder }, reject: false, stdin: 'ignore', all: true });
    let said = '';
    run.all.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    if (afterMs !== null) await Promise.race([sleep(afterMs, undefined, { signal: controller.signal }).catch(() => undefined), run]);
    const isOver = run.exitCode !== null;
    const state = said.trimEnd().split('\n').at(-1) ?? '';
    const sent = performance.now();
    if (afterMs !== null) run.kill('SIGTERM');
    await run;
    return { state: state.slice(0, 60), tookMs: isOver ? null : performance.now() - sent, left: await processesOf(folder) };
  } finally {
    controller.abort();
    await rm(folder, { recursive: true, force: true });
  }
}

let failed = false;
for (const { name, options } of KINDS) {
  // The first run fills the cache.
  await interrupted(options, null);
  const undisturbed = await interrupted(options, null);
  const wholeMs = undisturbed.tookMs ?? 0;
  process.stdout.write(`${name}: a run takes ${(wholeMs / 1000).toFixed(1)} s\n`);
  const all: Ended[] = [];
  for (let moment = 1; moment <= MOMENTS; moment += 1) {
    const afterMs = (wholeMs * moment) / (MOMENTS + 1);
    const ended = await interrupted(options, afterMs);
    all.push(ended);
    const took = ended.tookMs === null ? 'ended before the signal' : `${ended.tookMs.toFixed(0)} ms`;
    process.stdout.write(
      `${(afterMs / 1000).toFixed(1).padStart(7)} s  ${took.padStart(8)}, ${ended.left} processes left  ${ended.state}\n`,
    );
  }
  const longest = Math.max(0, ...all.map(({ tookMs }) => tookMs ?? 0));
  const reached = all.filter(({ tookMs }) => tookMs !== null).length;
  const left = all.reduce((sum, ended) => sum + ended.left, 0);
  process.stdout.write(
    `${name}: ${reached} of ${MOMENTS} signals reached a run; it ended after at most ${longest.toFixed(0)} ms; ${left} processes left\n`,
  );
  failed ||= longest > GOAL_MS || left > 0 || reached === 0;
}
process.exitCode = failed ? 1 : 0;

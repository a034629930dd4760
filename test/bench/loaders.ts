// Measures what another loader than libbpf costs: the same passing cells from snapshots, with each loader that this machine can build. The
// unit is processor time, because the wall time of a cell also tells how busy the machine is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot } from '../../harness/base/files.ts';
import { DEFAULT_LIBBPF, LIBRARY_LOADERS } from '../../harness/base/loader-name.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { ensureAgents } from '../../harness/library/agents.ts';
import { plainSources, readInputs } from '../../harness/plan/inputs/inputs.ts';
import { run } from '../../harness/run/run.ts';
import { MissingCompiler } from '../../harness/setup/loader-build.ts';

/** Objects that every loader loads on these kernels. */
const OBJECTS = ['exec_watch', 'subreaper_bit'];
const SELECTORS = ['debian:5.10', 'debian:6.12', 'debian:7.3'];
const ROUNDS = 5;
/** More than this on top of a cell with libbpf is too much, in milliseconds under emulation. */
const LIMIT_MS = 150;
/** The kernel counts processor time in units of 10 ms. */
const TICK_MS = 10;

/**
 * The processor time of all children that ended, QEMU among them, in milliseconds.
 * @see proc_pid_stat(5), fields 16 and 17
 */
function childrenMs(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(13, 15)
    .map(Number);
  return ((user ?? 0) + (system ?? 0)) * TICK_MS;
}

type Measure = (selector: string) => Promise<number>;

/**
 * Makes a function that measures a cell with a loader, in milliseconds.
 * @throws MissingCompiler if this machine cannot build the loader
 */
async function measureOf(loader: string): Promise<Measure> {
  const paths = OBJECTS.map((name) => join(PACKAGE_ROOT, 'programs/build', `${name}.bpf.o`));
  const { objects } = await readInputs(plainSources(paths, '.'), { loaders: [loader] });
  const agents = await ensureAgents(objects, {}, () => {});
  const cache = cacheRoot();
  return async (selector) => {
    const before = childrenMs();
    const { cells } = await run(
      {
        objects,
        selectors: [selector],
        kernelOptions: { cache },
        cache,
        ...agents,
        expectations: [],
        isolation: 'snapshot',
        accel: 'auto',
        command: ['npm', 'run', 'bench'],
      },
      () => {},
      new AbortController().signal,
    );
    const failed = cells.find(({ status }) => status !== 'pass');
    if (failed) throw new Error(`${failed.object} does not pass on ${failed.kernel}: ${failed.reason ?? ''}`);
    return (childrenMs() - before) / cells.length;
  };
}

const measures = new Map<string, Measure>();
for (const loader of [DEFAULT_LIBBPF, ...LIBRARY_LOADERS]) {
  try {
    measures.set(loader, await measureOf(loader));
  } catch (error) {
    if (!(error instanceof MissingCompiler)) throw error;
    process.stdout.write(`${loader} is not measured: ${error.message}\n`);
  }
}

/** The least time of a cell by loader and kernel: everything above it is the load of the machine. */
const least = new Map<string, Map<string, number>>();
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [loader, measure] of measures) {
    const times = least.get(loader) ?? new Map<string, number>();
    least.set(loader, times);
    for (const selector of SELECTORS) {
      const time = await measure(selector);
      // The first round makes snapshots.
      if (round > 0) times.set(selector, Math.min(time, times.get(selector) ?? time));
    }
  }
}

function say(name: string, times: readonly number[]): void {
  process.stdout.write(`${name.padEnd(58)}${times.map((time) => `${time.toFixed(0)} ms`.padStart(9)).join('')}\n`);
}

const timesOf = (loader: string) => SELECTORS.map((selector) => least.get(loader)?.get(selector) ?? Number.NaN);
const libbpf = timesOf(DEFAULT_LIBBPF);
const heads = SELECTORS.map((name) => name.slice(name.indexOf(':') + 1).padStart(9)).join('');
process.stdout.write(`${'processor time of a cell that passes, on Debian'.padEnd(58)}${heads}\n`);
say('with libbpf', libbpf);
for (const loader of measures.keys()) {
  if (loader === DEFAULT_LIBBPF) continue;
  const more = timesOf(loader).map((time, index) => time - (libbpf[index] ?? 0));
  say(`  more with ${loader} (at most ${LIMIT_MS} ms)`, more);
  if (Math.max(...more) > LIMIT_MS) process.exitCode = 3;
}

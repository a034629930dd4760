// Runs two thousand cells (or SOAK_CELLS) in one process and prints its memory, processes, files and temporary folders after each round.
// Exits with 1 if anything but memory stays behind, or a cell has no verdict or an unexpected one.
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../harness/plan/config/load.ts';
import { objectSources } from '../../harness/plan/inputs/object-sources.ts';
import { readInputs } from '../../harness/plan/inputs/inputs.ts';
import { run } from '../../harness/run/run.ts';
import { ensureAgent } from '../../harness/setup/agent.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { kernelEntries } from '../../harness/plan/config/kernel-entries.ts';
import { cacheRoot } from '../../harness/base/files.ts';

const WANTED = Number(process.env['SOAK_CELLS'] ?? 2000);
/** A larger growth of the heap is printed. A smaller one is normal, because the first round does not use all of it. */
const HEAP_MAY_GROW_MIB = 64;

interface Footprint {
  heapMiB: number;
  residentMiB: number;
  children: number;
  descriptors: number;
  folders: number;
  snapshots: number;
  sharedMemory: number;
}

async function footprint(): Promise<Footprint> {
  globalThis.gc?.();
  const children = (await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')).trim();
  const { heapUsed, rss } = process.memoryUsage();
  return {
    heapMiB: Math.round(heapUsed / 2 ** 20),
    residentMiB: Math.round(rss / 2 ** 20),
    children: children === '' ? 0 : children.split(' ').length,
    descriptors: (await readdir('/proc/self/fd')).length,
    folders: (await readdir(tmpdir())).filter((name) => name.startsWith('corematrix-')).length,
    snapshots: (await readdir(join(cacheRoot(), 'snapshots'))).length,
    sharedMemory: (await readdir('/dev/shm').catch(() => [])).filter((name) => name.includes('corematrix')).length,
  };
}

const config = join(PACKAGE_ROOT, 'programs/corematrix.yaml');
const placed = await loadConfig(config);
const { expectations = [] } = placed.config;
const selectors = kernelEntries(placed.config, dirname(config)).map(({ selector }) => selector);
const { objects } = await readInputs(objectSources(placed, dirname(config)));
const agent = await ensureAgent({ onNote: () => {} });
const cache = cacheRoot();

async function round(): Promise<{ cells: number; surprises: number; infra: number; flaky: number }> {
  const request = { objects, selectors, kernelOptions: { cache }, cache, agent, expectations, command: ['npm', 'run', 'soak'] };
  const { cells } = await run({ ...request, isolation: 'snapshot', accel: 'auto' }, () => {}, new AbortController().signal);
  const count = (status: string) => cells.filter((cell) => cell.status === status).length;
  return {
    cells: cells.length,
    surprises: count('fail') + count('xpass'),
    infra: count('infra'),
    flaky: cells.filter(({ flaky }) => flaky).length,
  };
}

const total = { cells: 0, surprises: 0, infra: 0, flaky: 0 };
const started = performance.now();
let first: Footprint | null = null;
let last: Footprint | null = null;
while (total.cells < WANTED) {
  const { cells, surprises, infra, flaky } = await round();
  total.cells += cells;
  total.surprises += surprises;
  total.infra += infra;
  total.flaky += flaky;
  last = await footprint();
  first ??= last;
  const facts = Object.entries(last).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`${String(total.cells).padStart(5)} cells  ${facts.join('  ')}\n`);
}
const seconds = (performance.now() - started) / 1000;
process.stdout.write(
  `${total.cells} cells in ${seconds.toFixed(0)} s: ${total.surprises} unexpected, ${total.infra} without a verdict, ${total.flaky} flaky\n`,
);
const leaks = (['children', 'descriptors', 'folders', 'snapshots', 'sharedMemory'] as const).filter(
  (name) => (last?.[name] ?? 0) > (first?.[name] ?? 0),
);
if ((last?.heapMiB ?? 0) > (first?.heapMiB ?? 0) + HEAP_MAY_GROW_MIB) process.stdout.write('the heap has grown\n');
if (leaks.length > 0) process.stdout.write(`left behind: ${leaks.join(', ')}\n`);
process.exitCode = leaks.length > 0 || total.infra > 0 || total.surprises > 0 ? 1 : 0;

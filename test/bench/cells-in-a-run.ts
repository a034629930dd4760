// Five thousand cells in one run: the memory of the program after each 500. Exit code 1 if the heap grows by more than the results need, or
// the resident memory grows.
// usage: node --expose-gc dist/test/bench/cells-in-a-run.js [cells, default 5000]
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheRoot } from '../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { plainSources, readInputs, type RunObject } from '../../harness/plan/inputs/inputs.ts';
import type { RunEvent } from '../../harness/run/events.ts';
import { run } from '../../harness/run/run.ts';
import { ensureAgent } from '../../harness/setup/agent.ts';

const [WANTED = 5000] = process.argv.slice(2).map(Number);
const STEP = 500;
const KERNELS = ['debian:5.10', 'debian:6.12'];
/** Small objects, of which some load and some fail. */
const OBJECTS = ['task_state', 'exec_watch', 'rss_stat', 'new_helpers'].map((name) =>
  join(PACKAGE_ROOT, 'programs/build', `${name}.bpf.o`),
);
/**
 * The results of a cell stay in memory, because a report shows all cells together. Such a cell has about 3 KiB in results.json, and less in
 * memory, where its keys and most of its words are shared.
 */
const MAY_GROW_KIB = 4;
/** The resident memory after all cells may exceed that after the first ones by this many MiB. */
const MAY_RESIDE_MIB = 32;

/** The objects again and again, each time under another id. */
function copies(objects: readonly RunObject[], count: number): RunObject[] {
  return Array.from({ length: count }, (_, number) => objects[number % objects.length]).flatMap((object, number) =>
    object ? [{ ...object, result: { ...object.result, id: `${object.result.id}-${number}` } }] : [],
  );
}

async function footprint() {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  const children = (await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')).trim();
  return { heapKiB: heapUsed / 1024, residentMiB: rss / 2 ** 20, children: children === '' ? 0 : children.split(' ').length };
}

const { objects, problems } = await readInputs(plainSources(OBJECTS, PACKAGE_ROOT));
if (problems.length > 0) throw new Error(problems.join('\n'));
const agent = await ensureAgent({ onNote: () => {} });
const cache = cacheRoot();
const measured: { cells: number; heapKiB: number; residentMiB: number }[] = [];
const started = performance.now();
const pending: Promise<void>[] = [];

async function measure(cells: number): Promise<void> {
  const { heapKiB, residentMiB, children } = await footprint();
  measured.push({ cells, heapKiB, residentMiB });
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  const facts = `heap ${(heapKiB / 1024).toFixed(0)} MiB, resident ${residentMiB.toFixed(0)} MiB, ${children} guests`;
  process.stdout.write(`${String(cells).padStart(5)} cells  ${facts}, ${seconds} s\n`);
}

function onEvent(event: RunEvent): void {
  if (event.kind === 'cell-finished' && event.done % STEP === 0) pending.push(measure(event.done));
}

const { cells } = await run(
  {
    objects: copies(objects, Math.ceil(WANTED / KERNELS.length)),
    selectors: KERNELS,
    kernelOptions: { cache },
    cache,
    agent,
    expectations: [],
    isolation: 'snapshot',
    accel: 'auto',
    command: ['npm', 'run', 'soak:run'],
  },
  onEvent,
  new AbortController().signal,
);
await Promise.all(pending);
const infra = cells.filter(({ status }) => status === 'infra').length;
const [first] = measured;
const last = measured.at(-1);
const grown = first && last && last !== first ? (last.heapKiB - first.heapKiB) / (last.cells - first.cells) : 0;
process.stdout.write(
  `${cells.length} cells, ${infra} without a verdict; each cell after the first ${STEP} keeps ${grown.toFixed(1)} KiB\n`,
);
const resides = first && last ? last.residentMiB - first.residentMiB : 0;
const isLarge = { heap: grown > MAY_GROW_KIB, resident: resides > MAY_RESIDE_MIB };
if (isLarge.heap) process.stdout.write(`more than the ${MAY_GROW_KIB} KiB that the results of a cell need\n`);
if (isLarge.resident) process.stdout.write(`the resident memory has grown by ${resides.toFixed(0)} MiB\n`);
process.exitCode = isLarge.heap || isLarge.resident || infra > 0 || measured.length === 0 ? 1 : 0;

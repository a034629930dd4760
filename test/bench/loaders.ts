// Measures what another loader than libbpf costs: the same passing cells from snapshots, with each loader that this machine can build.
import { join } from 'node:path';
import { UserError } from '../../harness/base/errors.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { DEFAULT_LIBBPF, LIBRARY_LOADERS } from '../../harness/base/loader-name.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { ensureAgents } from '../../harness/cli/agents.ts';
import { plainSources, readInputs } from '../../harness/plan/inputs/inputs.ts';
import type { CellResult } from '../../harness/results/schema.ts';
import { run } from '../../harness/run/run.ts';

const OBJECTS = ['array_length', 'exec_watch', 'rss_stat'];
const SELECTORS = ['debian:6.1', 'debian:6.12'];
const ROUNDS = 5;
/** More than this on top of a cell with libbpf is too much, in milliseconds under emulation. */
const LIMIT_MS = 150;

async function cellsOf(loader: string): Promise<CellResult[]> {
  const paths = OBJECTS.map((name) => join(PACKAGE_ROOT, 'programs/build', `${name}.bpf.o`));
  const { objects } = await readInputs(plainSources(paths, '.'), { loaders: [loader] });
  const agents = await ensureAgents(objects, {}, () => {});
  const cache = cacheRoot();
  const cells: CellResult[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const results = await run(
      {
        objects,
        selectors: SELECTORS,
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
    // The first round makes snapshots.
    if (round > 0) cells.push(...results.cells);
  }
  return cells;
}

/** The least time of each cell: everything above it is the load of the machine. The median over the cells. */
function cost(cells: readonly CellResult[]): number {
  const least = new Map<string, number>();
  for (const { kernel, object, durationMs } of cells) {
    const key = `${kernel} ${object}`;
    least.set(key, Math.min(durationMs, least.get(key) ?? Number.POSITIVE_INFINITY));
  }
  const sorted = [...least.values()].toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const libbpf = cost(await cellsOf(DEFAULT_LIBBPF));
process.stdout.write(`${'cell with libbpf (median)'.padEnd(58)}${libbpf.toFixed(0).padStart(6)} ms\n`);
for (const loader of LIBRARY_LOADERS) {
  try {
    const more = cost(await cellsOf(loader)) - libbpf;
    process.stdout.write(`${`  more with ${loader} (at most ${LIMIT_MS} ms)`.padEnd(58)}${more.toFixed(0).padStart(6)} ms\n`);
    if (more > LIMIT_MS) process.exitCode = 3;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stdout.write(`  ${loader} is not measured: ${error.message}\n`);
  }
}

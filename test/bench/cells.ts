// Measures the time of a cell: the same cells restored from a snapshot and booted, and the overhead beside the load itself.
import { dirname, join } from 'node:path';
import { loadConfig } from '../../harness/plan/config/load.ts';
import type { CellResult, Results } from '../../harness/results/schema.ts';
import { objectSources } from '../../harness/plan/inputs/object-sources.ts';
import { readInputs } from '../../harness/plan/inputs/inputs.ts';
import { run } from '../../harness/run/run.ts';
import { ensureAgent } from '../../harness/setup/agent.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { cacheRoot } from '../../harness/base/files.ts';

const SELECTORS = ['debian:5.10', 'debian:6.1', 'debian:6.12', 'debian:7.0'];
/** Objects that are also booted. Booting takes seconds for every cell, so these few must do. */
const COMPARED = ['exec_watch.bpf.o', 'task_state.bpf.o', 'verifier_limits.bpf.o'];

function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

const median = (values: readonly number[]) => quantile(values, 0.5);
const ms = (value: number) => `${value.toFixed(0)} ms`.padStart(9);

function say(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(58)}${value}\n`);
}

/** Time for everything but libbpf's own work in the guest: restore, transport, judging. */
const overhead = (cell: CellResult) => cell.durationMs - (cell.loadMs ?? 0);

async function measure(isolation: 'snapshot' | 'boot', only?: readonly string[]): Promise<Results> {
  const config = join(PACKAGE_ROOT, 'programs/corematrix.yaml');
  const { objects } = await readInputs(objectSources(await loadConfig(config), dirname(config)));
  const cache = cacheRoot();
  return run(
    {
      objects: objects.filter(({ file }) => only === undefined || only.some((name) => file.endsWith(`/${name}`))),
      selectors: SELECTORS,
      kernelOptions: { cache },
      cache,
      agent: await ensureAgent({ onNote: () => {} }),
      expectations: [],
      isolation,
      accel: 'auto',
      command: ['npm', 'run', 'bench'],
    },
    () => {},
    new AbortController().signal,
  );
}

await measure('snapshot', COMPARED);
const booted = await measure('boot', COMPARED);
const started = performance.now();
const restored = await measure('snapshot');
const wall = performance.now() - started;

const names = new Set(booted.cells.map(({ kernel, object }) => `${kernel} ${object}`));
const same = restored.cells.filter(({ kernel, object }) => names.has(`${kernel} ${object}`));
const bootMs = median(booted.cells.map(({ durationMs }) => durationMs));
const restoreMs = median(same.map(({ durationMs }) => durationMs));
const infra = [...booted.cells, ...restored.cells].filter(({ status }) => status === 'infra').length;
const { accel, cpus, qemu } = restored.run.host;

say('host', `${cpus} processors, QEMU ${qemu}, ${accel}`);
say(`cell booted (median of ${booted.cells.length})`, ms(bootMs));
say(`the same cells from a snapshot (median of ${same.length})`, ms(restoreMs));
say('snapshot is faster by', `${(bootMs / restoreMs).toFixed(1)} x`.padStart(9));
say(`all ${restored.cells.length} cells: a cell (median)`, ms(median(restored.cells.map(({ durationMs }) => durationMs))));
say('  of that in libbpf, inside the guest (median)', ms(median(restored.cells.map(({ loadMs }) => loadMs ?? 0))));
say('  on top of the load (median)', ms(median(restored.cells.map(overhead))));
say('  on top of the load (95th percentile)', ms(quantile(restored.cells.map(overhead), 0.95)));
say('whole run, start-up included', ms(wall));
say('cells without a verdict', `${infra}`.padStart(9));
process.exitCode = infra === 0 ? 0 : 3;

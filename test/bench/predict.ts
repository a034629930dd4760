// Measures predictions: all sample objects on all cached kernels with one command, start-up included, and a loop of
// `bpftool gen min_core_btf` over the same pairs, alternately in this run. Then measures each BTF and each object alone.
// Exits with 1 if a goal is missed.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { readBtf } from '../../harness/bpf/btf/btf.ts';
import { indexNames } from '../../harness/bpf/btf/names.ts';
import { readNames, writeNames } from '../../harness/bpf/btf/names-file.ts';
import type { KernelTypes } from '../../harness/core-relo/candidates.ts';
import { predictCell } from '../../harness/predict/predict.ts';
import { plainSources, readInputs, type RunObject } from '../../harness/plan/inputs/inputs.ts';
import { PACKAGE_ROOT } from '../../harness/base/package-root.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { cachedKernels } from '../../kernels/cache/cached-kernels.ts';
import { KERNEL_FILES } from '../../kernels/image/facts.ts';
import type { CachedKernel } from '../../kernels/cache/cached-kernel.ts';

const ROUNDS = 5;
const WARM_GOAL = 4;
const COLD_GOAL = 1;
/** The longest time until a kernel's BTF is ready for lookups by name. */
const INDEX_GOAL_MS = 100;
const OBJECTS = join(PACKAGE_ROOT, 'programs/build');

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function say(name: string, value: string): void {
  process.stdout.write(`${name.padEnd(58)}${value}\n`);
}

const ms = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`.padStart(9);

async function timed(what: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await what();
  return performance.now() - started;
}

/** Makes a cache of links to the machine's kernels, so that indexes are built and used only here. */
async function linkCache(folder: string, kernels: readonly CachedKernel[]): Promise<void> {
  for (const { sha256, directory } of kernels) {
    const own = join(folder, 'kernels', sha256);
    await mkdir(own, { recursive: true });
    for (const name of [KERNEL_FILES.btf, KERNEL_FILES.facts, KERNEL_FILES.vmlinux]) await symlink(join(directory, name), join(own, name));
  }
}

async function predict(cache: string, objects: readonly string[]): Promise<void> {
  const main = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
  await execa('node', [main, 'predict', ...objects, '-k', 'cached'], { env: { COREMATRIX_CACHE: cache }, reject: false, stdout: 'ignore' });
}

/** The loop that a person would write: one call, and so one answer, for each pair. */
const EACH_PAIR =
  'for btf in $BTFS; do for object in $OBJECTS; do bpftool gen min_core_btf $btf "$OUT" $object >/dev/null 2>&1; done; done';
/** One call for all objects of a kernel reads its types once, but gives one common answer, and no answer if one object fails. */
const EACH_KERNEL = 'for btf in $BTFS; do bpftool gen min_core_btf $btf "$OUT" $OBJECTS >/dev/null 2>&1 || echo $btf; done';

/** Runs a loop of bpftool and returns its output. */
async function bpftool(script: string, folder: string, btfs: readonly string[], objects: readonly string[]): Promise<string> {
  const env = { BTFS: btfs.join(' '), OBJECTS: objects.join(' '), OUT: join(folder, 'min.btf') };
  return (await execa('sh', ['-c', script], { env, reject: false })).stdout;
}

/** Bytes in use after garbage collection. */
function used(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Processor time of this process in milliseconds, which excludes other work of the machine. */
function processor(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`.padStart(9);
const kib = (bytes: number) => `${(bytes / 2 ** 10).toFixed(0)} KiB`.padStart(9);

interface ObjectCost {
  path: string;
  readMs: number;
  bytes: number;
  object: RunObject;
  /** Time of the prediction on each kernel. */
  predictMs: number[];
}

/** Reads each object alone and measures it. */
async function readEach(objects: readonly string[]): Promise<ObjectCost[]> {
  const costs: ObjectCost[] = [];
  for (const path of objects) {
    const before = used();
    const started = processor();
    const [object] = (await readInputs(plainSources([path], PACKAGE_ROOT))).objects;
    const readMs = processor() - started;
    if (object) costs.push({ path, readMs, bytes: used() - before, object, predictMs: [] });
  }
  return costs;
}

/** Measures one BTF: reads and indexes it, reads the saved index, and predicts every object. True if the BTF was ready in time. */
async function oneBtf(release: string, path: string, sha256: string, objects: readonly ObjectCost[]): Promise<boolean> {
  const before = used();
  const bytes = await readFile(path);
  const made = processor();
  const read = readBtf(bytes);
  if (!read.ok) throw new Error(`${release}: ${read.reason}`);
  const vmlinux = indexNames(read.btf);
  const ready = processor() - made;
  const memory = used() - before;
  const file = writeNames(vmlinux, sha256, bytes.length);
  const kept = processor();
  readNames(file, bytes, sha256);
  const again = processor() - kept;
  const kernel: KernelTypes = { vmlinux, modules: [] };
  const all = processor();
  for (const { object, predictMs } of objects) {
    const started = processor();
    predictCell(object.bpf, kernel);
    predictMs.push(processor() - started);
  }
  const took = processor() - all;
  const inTime = ready <= INDEX_GOAL_MS;
  const times = `index ${ms(ready)}, saved index ${ms(again)}, all objects ${ms(took)}${inTime ? '' : '  MISSED'}`;
  say(`  ${release}: ${read.btf.endId} types`, `${mib(memory)}, ${times}`);
  return inTime;
}

const kernels = (await cachedKernels(cacheRoot())).filter(({ btf }) => btf !== null);
const objects = (await readdir(OBJECTS)).filter((name) => name.endsWith('.bpf.o')).map((name) => join(OBJECTS, name));
const btfs = kernels.map(({ directory }) => join(directory, KERNEL_FILES.btf));
const folder = await mkdtemp(join(tmpdir(), 'corematrix-bench-'));
try {
  const times: Record<'cold' | 'warm' | 'pairs' | 'kernels', number[]> = { cold: [], warm: [], pairs: [], kernels: [] };
  let unanswered = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const cache = join(folder, `cache-${round}`);
    await linkCache(cache, kernels);
    times.cold.push(await timed(async () => predict(cache, objects)));
    times.warm.push(await timed(async () => predict(cache, objects)));
    times.pairs.push(await timed(async () => bpftool(EACH_PAIR, folder, btfs, objects)));
    times.kernels.push(
      await timed(async () => {
        unanswered = (await bpftool(EACH_KERNEL, folder, btfs, objects)).split('\n').filter((line) => line !== '').length;
      }),
    );
  }
  process.stdout.write(`\nPrediction of ${objects.length} objects on ${kernels.length} kernels, medians of ${ROUNDS} rounds in turns\n`);
  say('corematrix predict, name indexes in the cache', ms(median(times.warm)));
  say('corematrix predict, no name indexes yet', ms(median(times.cold)));
  say('bpftool gen min_core_btf in a loop, one call for each pair', ms(median(times.pairs)));
  const lacks = `  (no answer for ${unanswered} of ${btfs.length} kernels: an object that libbpf refuses ends the call)`;
  say('bpftool in a loop, one call for each kernel with all objects', ms(median(times.kernels)) + (unanswered > 0 ? lacks : ''));
  for (const [name, own, goal] of [
    ['faster than one call for each pair, with indexes', times.warm, WARM_GOAL],
    ['faster than one call for each pair, without indexes', times.cold, COLD_GOAL],
  ] as const) {
    const ratio = median(times.pairs) / median(own);
    say(name, `${ratio.toFixed(1)}×`.padStart(9) + `  (goal: at least ${goal}×)${ratio < goal ? '  MISSED' : ''}`);
    if (!(ratio >= goal)) process.exitCode = 1;
  }
  for (const [name, own] of [
    ['faster than one call for each kernel, with indexes', times.warm],
    ['faster than one call for each kernel, without indexes', times.cold],
  ] as const) {
    say(name, `${(median(times.kernels) / median(own)).toFixed(1)}×`.padStart(9));
  }
  const costs = await readEach(objects);
  process.stdout.write('\nEach BTF alone: memory with its index; processor time until it is ready for lookups by name ');
  process.stdout.write(`(goal: ${INDEX_GOAL_MS} ms),\nuntil it is ready with a saved index, and for predictions of all objects\n`);
  for (const { release, directory, btf } of kernels) {
    if (btf && !(await oneBtf(release, join(directory, KERNEL_FILES.btf), btf.sha256, costs))) process.exitCode = 1;
  }
  process.stdout.write('\nEach object alone: memory when read; processor time to read it, and for a prediction on one kernel (median)\n');
  for (const { path, readMs, bytes, predictMs } of costs) {
    say(`  ${basename(path)}`, `${kib(bytes)}, read ${ms(readMs)}, predict ${ms(median(predictMs))}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

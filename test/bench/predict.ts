// What a prediction costs: all sample objects on all kernels of the cache as a user types it, start-up included, against a loop of
// `bpftool gen min_core_btf` over the same pairs, in turns within this run; and what each BTF and each object costs by itself.
// Exit code 1 where a goal is missed.
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
/** For a kernel's BTF to be ready for lookups by name. */
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

/** A cache of links to what is in the machine's, so that name indexes are made and used here only. */
async function linkCache(folder: string, kernels: readonly CachedKernel[]): Promise<void> {
  for (const { sha256, directory } of kernels) {
    const own = join(folder, 'kernels', sha256);
    await mkdir(own, { recursive: true });
    for (const name of [KERNEL_FILES.btf, KERNEL_FILES.facts]) await symlink(join(directory, name), join(own, name));
  }
}

async function predict(cache: string, objects: readonly string[]): Promise<void> {
  const main = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
  await execa('node', [main, 'predict', ...objects, '-k', 'cached'], { env: { COREMATRIX_CACHE: cache }, reject: false, stdout: 'ignore' });
}

/** As a person would write it: a call for each pair, which has an answer for each. */
const EACH_PAIR =
  'for btf in $BTFS; do for object in $OBJECTS; do bpftool gen min_core_btf $btf "$OUT" $object >/dev/null 2>&1; done; done';
/** One call for all objects reads the kernel's types once, but gives one answer for all, and none where one of them ends in an error. */
const EACH_KERNEL = 'for btf in $BTFS; do bpftool gen min_core_btf $btf "$OUT" $OBJECTS >/dev/null 2>&1 || echo $btf; done';

/** Runs a loop of bpftool; returns what it prints. */
async function bpftool(script: string, folder: string, btfs: readonly string[], objects: readonly string[]): Promise<string> {
  const env = { BTFS: btfs.join(' '), OBJECTS: objects.join(' '), OUT: join(folder, 'min.btf') };
  return (await execa('sh', ['-c', script], { env, reject: false })).stdout;
}

/** Bytes in use, after what is no longer needed was thrown away. */
function used(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Milliseconds of processor time so far: what else the machine does takes none of it. */
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
  /** On each kernel. */
  predictMs: number[];
}

/** Reads each object by itself. */
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

/** One BTF by itself: read and indexed, the index read back, and every object on it. True where it was ready in time. */
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
  const times = `index ${ms(ready)}, kept ${ms(again)}, all objects ${ms(took)}${inTime ? '' : '  MISSED'}`;
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
  say('corematrix predict, none in the cache yet', ms(median(times.cold)));
  say('bpftool gen min_core_btf in a loop, a call for each pair', ms(median(times.pairs)));
  const lacks = `  (no answer for ${unanswered} of ${btfs.length} kernels: an object that libbpf refuses ends the call)`;
  say('the same, a call for each kernel with all objects', ms(median(times.kernels)) + (unanswered > 0 ? lacks : ''));
  for (const [name, own, goal] of [
    ['faster than a call for each pair, with indexes', times.warm, WARM_GOAL],
    ['faster than a call for each pair, without', times.cold, COLD_GOAL],
  ] as const) {
    const ratio = median(times.pairs) / median(own);
    say(name, `${ratio.toFixed(1)}×`.padStart(9) + `  (goal: at least ${goal}×)${ratio < goal ? '  MISSED' : ''}`);
    if (!(ratio >= goal)) process.exitCode = 1;
  }
  for (const [name, own] of [
    ['beside a call for each kernel, with indexes', times.warm],
    ['beside a call for each kernel, without', times.cold],
  ] as const) {
    say(name, `${(median(times.kernels) / median(own)).toFixed(1)}×`.padStart(9));
  }
  const costs = await readEach(objects);
  process.stdout.write('\nEach BTF by itself: memory with its index; processor time until it is ready for lookups by name ');
  process.stdout.write(`(goal: ${INDEX_GOAL_MS} ms),\nuntil it is with the index kept, and for all objects on it\n`);
  for (const { release, directory, btf } of kernels) {
    if (btf && !(await oneBtf(release, join(directory, KERNEL_FILES.btf), btf.sha256, costs))) process.exitCode = 1;
  }
  process.stdout.write('\nEach object by itself: memory when read; processor time to read it, and for a prediction on a kernel (median)\n');
  for (const { path, readMs, bytes, predictMs } of costs) {
    say(`  ${basename(path)}`, `${kib(bytes)}, read ${ms(readMs)}, predict ${ms(median(predictMs))}`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

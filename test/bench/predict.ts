// What a prediction costs: all sample objects on all kernels of the cache as a user types it, start-up included, against a loop of
// `bpftool gen min_core_btf` over the same pairs, in turns within this run. Exit code 1 where a goal is missed.
import { mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { readBtf } from '../../harness/btf/btf.ts';
import { indexNames } from '../../harness/btf/names.ts';
import { readNames, writeNames } from '../../harness/btf/names-file.ts';
import type { KernelTypes } from '../../harness/predict/candidates.ts';
import { predictCell } from '../../harness/predict/predict.ts';
import { plainSources, readInputs } from '../../harness/run/inputs.ts';
import { PACKAGE_ROOT } from '../../harness/setup/root.ts';
import { cacheRoot } from '../../kernels/cache.ts';
import { cachedKernels } from '../../kernels/cached.ts';
import { KERNEL_FILES } from '../../kernels/image/facts.ts';
import type { StoredKernel } from '../../kernels/stored.ts';

const ROUNDS = 5;
const WARM_GOAL = 4;
const COLD_GOAL = 1;
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
async function linkCache(folder: string, kernels: readonly StoredKernel[]): Promise<void> {
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

/** As a person would write it; one call for each pair, since a call answers for all its objects together. */
async function bpftoolLoop(folder: string, btfs: readonly string[], objects: readonly string[]): Promise<void> {
  const script = 'for btf in $BTFS; do for object in $OBJECTS; do bpftool gen min_core_btf $btf "$OUT" $object >/dev/null 2>&1; done; done';
  const env = { BTFS: btfs.join(' '), OBJECTS: objects.join(' '), OUT: join(folder, 'min.btf') };
  await execa('sh', ['-c', script], { env, reject: false });
}

async function eachBtf(kernels: readonly StoredKernel[], objects: readonly string[]): Promise<void> {
  const inputs = await readInputs(plainSources(objects, PACKAGE_ROOT));
  for (const { release, directory, btf } of kernels) {
    if (!btf) continue;
    const bytes = await readFile(join(directory, KERNEL_FILES.btf));
    const made = performance.now();
    const read = readBtf(bytes);
    if (!read.ok) continue;
    const vmlinux = indexNames(read.btf);
    const ready = performance.now();
    const file = writeNames(vmlinux, btf.sha256, bytes.length);
    const before = performance.now();
    readNames(file, bytes, btf.sha256);
    const again = performance.now();
    const kernel: KernelTypes = { vmlinux, modules: [] };
    const started = performance.now();
    for (const { bpf } of inputs.objects) predictCell(bpf, kernel);
    const each = (performance.now() - started) / inputs.objects.length;
    const memory = (bytes.length + file.length) / 2 ** 20;
    const times = `index ${ms(ready - made)}, kept ${ms(again - before)}, ${each.toFixed(2)} ms an object`;
    say(`  ${release}: ${read.btf.endId} types, ${memory.toFixed(1)} MiB`, times);
  }
}

const kernels = (await cachedKernels(cacheRoot())).filter(({ btf }) => btf !== null);
const objects = (await readdir(OBJECTS)).filter((name) => name.endsWith('.bpf.o')).map((name) => join(OBJECTS, name));
const btfs = kernels.map(({ directory }) => join(directory, KERNEL_FILES.btf));
const folder = await mkdtemp(join(tmpdir(), 'corematrix-bench-'));
try {
  const times: Record<'cold' | 'warm' | 'bpftool', number[]> = { cold: [], warm: [], bpftool: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const cache = join(folder, `cache-${round}`);
    await linkCache(cache, kernels);
    times.cold.push(await timed(async () => predict(cache, objects)));
    times.warm.push(await timed(async () => predict(cache, objects)));
    times.bpftool.push(await timed(async () => bpftoolLoop(folder, btfs, objects)));
  }
  process.stdout.write(`\nPrediction of ${objects.length} objects on ${kernels.length} kernels, medians of ${ROUNDS} rounds in turns\n`);
  say('corematrix predict, name indexes in the cache', ms(median(times.warm)));
  say('corematrix predict, none in the cache yet', ms(median(times.cold)));
  say('bpftool gen min_core_btf in a loop', ms(median(times.bpftool)));
  for (const [name, own, goal] of [
    ['faster than the loop, with indexes', times.warm, WARM_GOAL],
    ['faster than the loop, without', times.cold, COLD_GOAL],
  ] as const) {
    const ratio = median(times.bpftool) / median(own);
    say(name, `${ratio.toFixed(1)}×`.padStart(9) + `  (goal: at least ${goal}×)${ratio < goal ? '  MISSED' : ''}`);
    if (!(ratio >= goal)) process.exitCode = 1;
  }
  await eachBtf(kernels, objects);
} finally {
  await rm(folder, { recursive: true, force: true });
}

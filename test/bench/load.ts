// Loads that no test reaches: objects with 200,000 relocations and with 10,000 programs. Prints processor time for reading, predicting and
// explaining each, and exits with 1 if the time for one relocation or program grows with their number.
import { readBpfObject } from '../../harness/bpf/object/object.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { explain } from '../../harness/explain/explain.ts';
import { predictedFailures } from '../../harness/explain/failures.ts';
import { openKernels } from '../../harness/explain/kernel-cache.ts';
import { findKernels } from '../../harness/kernel-btf/kernels.ts';
import { predictCell } from '../../harness/predict/predict.ts';
import { toObjectResult } from '../../harness/results/object-result.ts';
import { generatedObject } from './generated-object.ts';

/** A larger object may cost this many times as much for each of its parts. */
const MAY_GROW = 4;

type Generated = Parameters<typeof generatedObject>[0];

interface Load {
  name: string;
  sizes: readonly number[];
  object: (count: number) => Generated;
}

const LOADS: readonly Load[] = [
  { name: 'relocations', sizes: [2000, 20_000, 200_000], object: (count) => ({ programs: 1, relocations: count }) },
  {
    name: 'relocations, a quarter poisoned',
    sizes: [2000, 20_000],
    object: (count) => ({ programs: 1, relocations: count, missing: 'some' }),
  },
  { name: 'relocations, all poisoned', sizes: [2000, 20_000], object: (count) => ({ programs: 1, relocations: count, missing: 'all' }) },
  { name: 'programs', sizes: [100, 1000, 10_000], object: (count) => ({ programs: count, relocations: 1 }) },
  { name: 'programs that fail', sizes: [100, 1000, 10_000], object: (count) => ({ programs: count, relocations: 1, missing: 'all' }) },
  {
    name: 'sections with a program that fails',
    sizes: [100, 1000, 10_000],
    object: (count) => ({ programs: count, relocations: 1, missing: 'all', ownSections: true }),
  },
];

function processor(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

async function cachedKernel() {
  const { kernels } = await findKernels(['debian:6.12'], cacheRoot());
  const cache = openKernels(kernels, (problem) => process.stderr.write(`${problem}\n`));
  const [kernel] = kernels;
  const types = kernel && (await cache.typesOf(kernel.id));
  if (!types) throw new Error('no kernel with BTF in the cache; type: corematrix kernels pull debian:6.12');
  return { cache, id: kernel.id, types };
}

const { cache, id, types } = await cachedKernel();

/** Processor time for each step, in milliseconds. */
async function timesOf(object: Generated): Promise<Record<'read' | 'predict' | 'explain', number>> {
  const bytes = generatedObject(object);
  const started = processor();
  const bpf = readBpfObject(bytes, 'generated.bpf.o');
  const read = processor();
  const cell = predictCell(bpf, types);
  const predicted = processor();
  const result = toObjectResult(bpf, { id: 'generated', path: 'generated.bpf.o', sha256: '0'.repeat(64), size: bytes.length });
  const failures = predictedFailures({ result, bpf }, cell, id);
  await explain(failures, [{ result, bpf }], cache, () => cell.relocations);
  return { read: read - started, predict: predicted - read, explain: processor() - predicted };
}

// The first object pays for compiling the code.
await timesOf({ programs: 10, relocations: 100, missing: 'some' });
for (const { name, sizes, object } of LOADS) {
  let first: number | null = null;
  for (const count of sizes) {
    const times = await timesOf(object(count));
    const whole = Object.values(times).reduce((sum, ms) => sum + ms);
    const each = whole / count;
    first ??= each;
    const grown = each / first > MAY_GROW;
    if (grown) process.exitCode = 1;
    const shown = Object.entries(times).map(([step, ms]) => `${step} ${ms.toFixed(0)} ms`);
    process.stdout.write(
      `${`${count} ${name}`.padEnd(48)}${shown.join(', ')}, ${(each * 1000).toFixed(0)} µs each${grown ? '  GROWS' : ''}\n`,
    );
  }
}

// Loads that no test reaches: objects with 200,000 relocations and with 10,000 programs. Prints processor time for reading and predicting
// each, and exits with 1 if the time for one relocation or program grows with their number.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBtf } from '../../harness/bpf/btf/btf.ts';
import { indexNames } from '../../harness/bpf/btf/names.ts';
import { readBpfObject } from '../../harness/bpf/object/object.ts';
import { cacheRoot } from '../../harness/base/files.ts';
import { predictCell } from '../../harness/predict/predict.ts';
import { cachedKernels } from '../../kernels/cache/cached-kernels.ts';
import { KERNEL_FILES } from '../../kernels/image/facts.ts';
import { generatedObject } from './generated-object.ts';

/** A larger object may cost this many times as much for each of its parts. */
const MAY_GROW = 4;

const LOADS = [
  { name: 'relocations', missing: false, sizes: [2000, 20_000, 200_000], object: (count: number) => ({ programs: 1, relocations: count }) },
  {
    name: 'relocations, a quarter poisoned',
    missing: true,
    sizes: [2000, 20_000],
    object: (count: number) => ({ programs: 1, relocations: count }),
  },
  { name: 'programs', missing: false, sizes: [100, 1000, 10_000], object: (count: number) => ({ programs: count, relocations: 1 }) },
];

function processor(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const [kernel] = (await cachedKernels(cacheRoot())).filter(({ btf }) => btf !== null).toReversed();
if (!kernel) throw new Error('no kernel with BTF in the cache; type: corematrix kernels pull debian:6.12');
const read = readBtf(await readFile(join(kernel.directory, KERNEL_FILES.btf)));
if (!read.ok) throw new Error(read.reason);
const types = { vmlinux: indexNames(read.btf), modules: [] };
for (const { name, missing, sizes, object } of LOADS) {
  let first: number | null = null;
  for (const count of sizes) {
    const bytes = generatedObject({ ...object(count), missing });
    const started = processor();
    const bpf = readBpfObject(bytes, 'generated.bpf.o');
    const readMs = processor() - started;
    predictCell(bpf, types);
    const whole = processor() - started;
    const each = whole / count;
    first ??= each;
    const grown = each / first > MAY_GROW;
    if (grown) process.exitCode = 1;
    const times = `read ${readMs.toFixed(0)} ms, predict ${(whole - readMs).toFixed(0)} ms, ${(each * 1000).toFixed(0)} µs each`;
    process.stdout.write(`${`${count} ${name}`.padEnd(48)}${times}${grown ? '  GROWS' : ''}\n`);
  }
}

// Damaged objects through the loader programs, in real guests: each ends with a verdict, a crash of the loader included, never as trouble of
// the machine. More of them: COREMATRIX_FUZZ_RUNS=200 npx vitest run test/harness/loaders/hostile.test.ts
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { mutate, type Random, randomFrom } from '../../fuzz/mutate.ts';
import { fuzzRuns, fuzzStart } from '../../fuzz/runs.ts';
import { sampleObjects } from '../bpf/object/samples.ts';
import { runLoaders } from './run-loaders.ts';
import { goIsMissing, rustIsMissing } from './toolchains.ts';

/** A few seconds for each cell, on a busy machine and with crashes that are tried again. */
const MS_PER_CELL = 20_000;
const OBJECTS = fuzzRuns(12);

const [FIRST, ...OTHERS] = (await sampleObjects()).map(({ bytes }) => bytes);
if (!FIRST) throw new Error('there are no sample objects to damage');
const CORPUS = [FIRST, ...OTHERS] as const;

/** A copy in which a few bytes behind the ELF header have other values: most of these still reach the loader. */
function damaged(random: Random): Buffer {
  const copy = Buffer.from(random.pick(CORPUS));
  for (let left = 1 + random.below(12); left > 0; left -= 1) copy[64 + random.below(copy.length - 64)] = random.below(256);
  return copy;
}

/** Whether the host takes the object: what it refuses reaches no guest. */
function isAccepted(bytes: Buffer): boolean {
  try {
    readBpfObject(bytes, 'damaged');
    return true;
  } catch {
    return false;
  }
}

/** Writes damaged objects that the host takes into a folder. */
async function writeDamaged(folder: string): Promise<{ pattern: string }[]> {
  const sources = [];
  for (let seed = fuzzStart(); sources.length < OBJECTS; seed += 1) {
    const random = randomFrom(seed);
    const bytes = seed % 2 === 0 ? damaged(random) : mutate(random, CORPUS);
    if (!isAccepted(bytes)) continue;
    const pattern = join(folder, `damaged-${seed}.bpf.o`);
    await writeFile(pattern, bytes);
    sources.push({ pattern });
  }
  return sources;
}

test.each([
  ['cilium/ebpf', ['cilium@0.22', 'cilium@0.17'], goIsMissing],
  ['aya', ['aya@0.14', 'aya@0.13'], rustIsMissing],
] as const)(
  'damaged objects end with a verdict under both releases of %s',
  async (_, loaders, isMissing) => {
    if (isMissing) return;
    const folder = await mkdtemp(join(tmpdir(), 'hostile-loader-'));
    try {
      const { cells } = await runLoaders(await writeDamaged(folder), ['debian:6.12'], loaders);
      const trouble = cells.filter(({ status }) => status === 'infra' || status === 'not-run');
      expect(trouble.map(({ object, status, reason }) => `${object} ${status} ${reason}`)).toEqual([]);
      expect(cells).toHaveLength(OBJECTS * loaders.length);
      expect(cells.some(({ status }) => status === 'fail')).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  OBJECTS * 2 * MS_PER_CELL,
);

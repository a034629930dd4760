// Damaged objects through the loader programs, in real guests: each ends with a verdict, a crash of the loader included, never as trouble of
// the machine.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { randomFrom } from '../../fuzz/mutate.ts';
import { sample } from '../run/real-run.ts';
import { runLoaders } from './run-loaders.ts';
import { goIsMissing } from './toolchains.ts';

const OBJECTS = 12;
const SAMPLES = ['task_state', 'fires', 'sized_maps', 'array_length'];

/** A copy in which a few bytes behind the ELF header have other values. */
function damaged(bytes: Buffer, seed: number): Buffer {
  const random = randomFrom(seed);
  const copy = Buffer.from(bytes);
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

test.skipIf(goIsMissing)(
  'damaged objects end with a verdict under both releases of cilium/ebpf',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hostile-loader-'));
    try {
      const sources = [];
      for (let seed = 1; sources.length < OBJECTS; seed += 1) {
        const bytes = damaged(await readFile(sample(SAMPLES[seed % SAMPLES.length] ?? '')), seed);
        const pattern = join(folder, `damaged-${seed}.bpf.o`);
        await writeFile(pattern, bytes);
        if (isAccepted(bytes)) sources.push({ pattern });
      }
      const { cells } = await runLoaders(sources, ['debian:6.12'], ['cilium@0.22', 'cilium@0.17']);
      const trouble = cells.filter(({ status }) => status === 'infra' || status === 'not-run');
      expect(trouble.map(({ object, status, reason }) => `${object} ${status} ${reason}`)).toEqual([]);
      expect(cells).toHaveLength(OBJECTS * 2);
      expect(cells.some(({ status }) => status === 'fail')).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  900_000,
);

// Tests of damaged objects in real guests: no loader refuses one that was predicted to be opened.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Results } from '../../../harness/results/schema.ts';
import { damagedObjects } from './damaged-objects.ts';
import { runLoaders, verdicts } from './run-loaders.ts';
import { goIsMissing, rustIsMissing } from './toolchains.ts';

const LOADERS = ['cilium@0.22', 'cilium@0.17', 'aya@0.14', 'aya@0.13'];
const SEED = 1;
/** COREMATRIX_DAMAGED_OBJECTS=500 tries as many objects; a few are enough to find that a rule is lost. */
const COUNT = Number(process.env['COREMATRIX_DAMAGED_OBJECTS'] ?? 12);

/** Programs that the library or the kernel refuses before any program is verified, although the prediction does not say that they may be. */
function surprises({ cells, ...others }: Results): string[] {
  const isRefusal = (failure: string | null) => failure === 'object-invalid' || failure === 'btf-missing';
  const unexpected = cells.map((cell) => ({
    ...cell,
    programs: cell.programs.filter(({ class: failure, predicted }) => predicted?.agrees === false && isRefusal(failure)),
  }));
  return verdicts({ ...others, cells: unexpected });
}

/** Programs that were predicted not to be opened, and load. */
function loaded({ cells, ...others }: Results): string[] {
  const unexpected = cells.map((cell) => ({
    ...cell,
    programs: cell.programs.filter(
      ({ status, predicted }) => status === 'pass' && predicted?.class === 'object-invalid' && !predicted.agrees,
    ),
  }));
  return verdicts({ ...others, cells: unexpected });
}

test.skipIf(goIsMissing || rustIsMissing)(
  'no release of cilium/ebpf and aya refuses a damaged object, or opens one, against a sure prediction',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'damaged-'));
    try {
      const objects = await damagedObjects(SEED, COUNT);
      const paths = objects.map((_, index) => join(folder, `damaged_${index}.bpf.o`));
      await Promise.all(objects.map(async (bytes, index) => writeFile(paths[index] ?? '', bytes)));
      const sources = paths.map((pattern, index) => ({ pattern, name: `damaged_${index}` }));
      const results = await runLoaders(sources, ['debian:6.12'], LOADERS);
      expect(results.cells).toHaveLength(COUNT * LOADERS.length);
      expect({ refused: surprises(results), loaded: loaded(results) }).toEqual({ refused: [], loaded: [] });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  7_200_000,
);

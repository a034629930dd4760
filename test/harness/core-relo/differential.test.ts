// Relocates types of real kernels, and checks that predictions equal the lines and instructions of libbpf's functions.
// COREMATRIX_FUZZ_RUNS sets the number of relocated types, COREMATRIX_FUZZ_START the first one.
import { readFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { pulledBtfs } from '../../kernels/pulled.ts';
import { fuzzRuns, fuzzStart } from '../../fuzz/runs.ts';
import { askLibbpf, compare, type Question, requestsFrom, SAME } from './differential.ts';
import { relocationSeeds } from './random-btf.ts';

const RUNS = fuzzRuns(400);
const SEED = fuzzStart();

describe('types of real kernels', () => {
  it('relocations from the types of one real kernel to another equal those of libbpf', async () => {
    const kernels = await pulledBtfs();
    const loaded = await Promise.all(
      [kernels.at(0), kernels.at(Math.floor(kernels.length / 2)), kernels.at(-1)]
        .flatMap((kernel) => kernel ?? [])
        .map(async ({ path }) => {
          const btf = mustReadBtf(await readFile(path));
          return { path, btf, index: indexNames(btf) };
        }),
    );
    const pairs = loaded.flatMap((local) => loaded.filter((target) => target !== local).map((target) => ({ local, target })));
    const cases = fc.sample(relocationSeeds, { numRuns: RUNS, seed: SEED });
    const questions = pairs.flatMap(({ local, target }, index) =>
      cases
        .filter((_, at) => at % pairs.length === index)
        .map((seeds, at): Question => {
          const sides = { local: local.btf, target: target.index, paths: [local.path, target.path] as const };
          return { name: `${at} of pair ${index}, seed ${SEED}`, ...sides, requests: requestsFrom(local.btf, seeds) };
        }),
    );
    expect(compare(questions, await askLibbpf(questions))).toEqual(SAME);
  });
});

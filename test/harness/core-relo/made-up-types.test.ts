// Relocates made-up types, and checks that predictions equal the lines and instructions of libbpf's functions.
// COREMATRIX_FUZZ_RUNS sets the number of pairs of BTF, COREMATRIX_FUZZ_START the first one.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';
import { fuzzRuns, fuzzStart } from '../../fuzz/runs.ts';
import { askLibbpf, compare, type Question, requestsFrom, SAME } from './differential.ts';
import { type RelocationSeed, relocationSeeds, typePairs } from './random-btf.ts';

const PAIRS = fuzzRuns(400);
const SEED = fuzzStart();
/** The pairs are compared in parts, so that a difference shows early. */
const PARTS = 10;

interface Asked {
  questions: readonly Question[];
  answers: readonly (readonly string[])[];
}

let folder = '';
let pairs: (Omit<Question, 'requests'> & { seeds: readonly RelocationSeed[] })[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'made-up-types-'));
  const cases = fc.sample(fc.tuple(typePairs, relocationSeeds), { numRuns: PAIRS, seed: SEED });
  pairs = await Promise.all(
    cases.map(async ([{ local, target }, seeds], index) => {
      const paths = [join(folder, `${index}.local`), join(folder, `${index}.target`)] as const;
      await writeFile(paths[0], buildBtf(local));
      await writeFile(paths[1], buildBtf(target));
      const sides = { local: mustReadBtf(buildBtf(local)), target: indexNames(mustReadBtf(buildBtf(target))) };
      return { name: `pair ${index} of seed ${SEED}`, ...sides, paths, seeds };
    }),
  );
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function ask(part: number): Promise<Asked> {
  const own = pairs.filter((_, index) => index % PARTS === part - 1);
  const questions = own.map(({ seeds, ...pair }): Question => ({ ...pair, requests: requestsFrom(pair.local, seeds) }));
  return { questions, answers: await askLibbpf(questions) };
}

/** The answers of libbpf by part. A test that is repeated asks only once, so that mutants do not change the questions. */
const asked = new Map<number, Promise<Asked>>();

it.each(Array.from({ length: PARTS }, (_, part) => part + 1))(
  `relocations of made-up types equal those of libbpf: part %s of ${PARTS}`,
  async (part) => {
    const known = asked.get(part) ?? ask(part);
    asked.set(part, known);
    const { questions, answers } = await known;
    expect(compare(questions, answers)).toEqual(SAME);
  },
);

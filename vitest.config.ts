import { defineConfig } from 'vitest/config';

const SEED = 'COREMATRIX_TEST_SEED';
/** A number that shuffles the test files; the same number gives the same order. Without it, slow and failed files run first. */
const seed = process.env[SEED] ?? '';
if (!/^\d*$/.test(seed)) throw new Error(`${SEED} is '${seed}'; expected a whole number, such as ${SEED}=7`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts', 'test/leftovers/each-run.ts'],
    setupFiles: ['test/leftovers/each-file.ts'],
    sequence: seed === '' ? {} : { shuffle: { files: true, tests: false }, seed: Number(seed) },
    // There to end what hangs, not to measure: on a machine that has other work to do, guests and browsers take several times as long.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    // Two cores: more workers only make guests slow.
    maxWorkers: 2,
  },
});

import { defineConfig } from 'vitest/config';

const SEED = 'COREMATRIX_TEST_SEED';
/** A number that shuffles the test files; the same number gives the same order. Without it, slow and failed files run first. */
const seed = process.env[SEED] ?? '';
if (!/^\d*$/.test(seed)) throw new Error(`${SEED} is '${seed}'; expected a whole number, such as ${SEED}=7`);

/** Tests that take minutes are in files of their own, which `npm run test:slow` runs. */
const isSlow = process.env['COREMATRIX_TEST_SLOW'] === '1';

export default defineConfig({
  test: {
    include: [isSlow ? 'test/**/*.slow.test.ts' : 'test/**/*.test.ts'],
    exclude: isSlow ? [] : ['test/**/*.slow.test.ts'],
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

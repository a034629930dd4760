// Configures the tests that must notice a mutant: only the tests of the room, without the set-up for all other tests. What they leave behind
// is in the temporary folder of the command, which removes it.
import { defineConfig } from 'vitest/config';
import { TESTS } from './rooms.ts';

const tests = (process.env[TESTS] ?? '').split(' ').map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`));

export default defineConfig({
  test: {
    include: tests,
    runner: 'test/mutation/every-mutant.ts',
    // On a busy machine the first run, which measures, may take long.
    testTimeout: 60_000,
    hookTimeout: 600_000,
  },
});

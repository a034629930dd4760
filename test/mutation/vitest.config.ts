// How the tests run that must notice a mutant: only those of the room, without the set-up that other tests need.
import { defineConfig } from 'vitest/config';
import { TESTS } from './rooms.ts';

const tests = (process.env[TESTS] ?? '').split(' ').map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`));

export default defineConfig({
  test: {
    include: tests,
    globalSetup: ['test/leftovers/each-run.ts'],
    // On a busy machine the first run, which measures, may take long.
    testTimeout: 60_000,
    setupFiles: ['test/leftovers/each-file.ts'],
  },
});

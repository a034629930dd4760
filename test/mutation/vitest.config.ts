// Configures the tests that must notice a mutant: only the tests of the room, without the set-up for all other tests.
import { defineConfig } from 'vitest/config';
import { TESTS } from './rooms.ts';

const tests = (process.env[TESTS] ?? '').split(' ').map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`));

export default defineConfig({
  test: {
    include: tests,
    globalSetup: ['test/leftovers/each-run.ts'],
    // The first run, which measures, may take long on a busy machine.
    testTimeout: 60_000,
    setupFiles: ['test/leftovers/each-file.ts'],
  },
});

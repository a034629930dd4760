// How the tests run that must notice a mutant: only those of the room, without the set-up that other tests need.
import { defineConfig } from 'vitest/config';
import { TESTS } from './rooms.ts';

const tests = (process.env[TESTS] ?? '').split(' ').map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`));

export default defineConfig({
  test: {
    include: tests,
    globalSetup: ['test/leftovers/each-run.ts'],
    setupFiles: ['test/leftovers/each-file.ts'],
  },
});

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    // There to end what hangs, not to measure: on a machine that has other work to do, guests and browsers take several times as long.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 60_000 } },
    // Two cores: more workers only make guests slow.
    maxWorkers: 2,
  },
});

// The rooms that decide verdicts: the files that are mutated, and the tests that must notice each change. These tests start no guest.

export interface MutatedRoom {
  /** Files, or `FILE:FIRST-LAST` for some of their lines. */
  files: readonly string[];
  tests: readonly string[];
}

export const MUTATED_ROOMS: Readonly<Record<string, MutatedRoom>> = {
  verdict: { files: ['harness/verdict/**/*.ts'], tests: ['test/harness/verdict'] },
  retries: {
    files: ['harness/run/attempts.ts', 'harness/run/no-verdict.ts'],
    tests: ['test/harness/run/attempts.test.ts', 'test/harness/run/no-verdict.test.ts'],
  },
  'exit-codes': { files: ['harness/cli/exit.ts', 'harness/cli/exit-codes.ts'], tests: ['test/harness/cli/exit.test.ts'] },
};

/** Environment variable for Stryker with the tests of the room, separated by spaces. */
export const TESTS = 'COREMATRIX_MUTATION_TESTS';

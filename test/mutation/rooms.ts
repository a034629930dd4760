// The rooms that decide verdicts: the files that are mutated, and the tests that must notice each change. These tests start no guest.

export interface MutatedRoom {
  files: readonly string[];
  tests: readonly string[];
  /** True if each mutant needs a run of its own, because what the tests start goes on after their end. That takes longer. */
  alone?: boolean;
}

export const MUTATED_ROOMS: Readonly<Record<string, MutatedRoom>> = {
  verdict: { files: ['harness/verdict/**/*.ts'], tests: ['test/harness/verdict'] },
  relocations: {
    files: ['lines', 'parse', 'relocation-messages'].map((name) => `harness/logs/libbpf/${name}.ts`),
    tests: ['test/harness/logs/libbpf'],
  },
  'libbpf-messages': {
    files: ['errno', 'object-messages', 'program-messages'].map((name) => `harness/logs/libbpf/${name}.ts`),
    tests: ['test/harness/logs/libbpf'],
  },
  'verifier-logs': {
    files: ['harness/logs/verifier/**/*.ts'],
    tests: ['causes', 'lines', 'parse', 'report'].map((name) => `test/harness/logs/verifier/${name}.test.ts`),
  },
  'kernel-logs': { files: ['harness/logs/kernel/**/*.ts'], tests: ['test/harness/logs/kernel'] },
  'refused-objects': {
    files: ['open-failure', 'section-names'].map((name) => `harness/bpf/object/${name}.ts`),
    tests: ['test/harness/bpf/object/open-failure.test.ts'],
  },
  'predicted-relocations': {
    files: ['harness/core-relo/**/*.ts'],
    tests: [
      'big-endian',
      'compared-types',
      'conformance',
      'damaged-types',
      'fewest-poisons',
      'load',
      'loader',
      'made-up-types',
      'releases',
      'written-relocations',
    ].map((name) => `test/harness/core-relo/${name}.test.ts`),
  },
  retries: {
    files: ['attempts', 'guest-memory', 'no-verdict'].map((name) => `harness/run/${name}.ts`),
    tests: ['attempts', 'guest-memory-rules', 'no-verdict'].map((name) => `test/harness/run/${name}.test.ts`),
  },
  'exit-codes': { files: ['harness/cli/exit.ts', 'harness/cli/exit-codes.ts'], tests: ['test/harness/cli/exit.test.ts'] },
  signatures: {
    files: ['signature', 'release', 'index-trust', 'suite', 'suite-record', 'seen-dates']
      .map((name) => `kernels/sources/debian/${name}.ts`)
      .concat('kernels/trust/**/*.ts'),
    tests: ['index-trust', 'signature', 'signed-files', 'suite', 'suite-facts']
      .map((name) => `test/kernels/sources/debian/${name}.test.ts`)
      .concat('test/kernels/trust'),
  },
  downloads: { files: ['kernels/download/**/*.ts'], tests: ['test/kernels/download'], alone: true },
  'snapshot-keys': {
    files: [
      'harness/guest/kept-snapshot.ts',
      'harness/guest/intact.ts',
      'harness/guest/machine.ts',
      'harness/run/identity.ts',
      'harness/run/stored-cell.ts',
    ],
    tests: ['test/harness/guest/kept-snapshot.test.ts', 'test/harness/run/identity.test.ts'],
  },
};

/** Environment variable for Stryker with the tests of the room, separated by spaces. */
export const TESTS = 'COREMATRIX_MUTATION_TESTS';

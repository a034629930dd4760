// Loader programs that panic, do not end, or take too much memory, as real ones do on an object that their library does not expect.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { sha256Of } from '../../../harness/base/digest.ts';
import { withLoaderProgram } from '../../../harness/guest/agent.ts';
import { plainSources, readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { ensureAgent } from '../../../harness/setup/agent.ts';
import { realRun, sample } from '../run/real-run.ts';
import { goIsMissing, rustIsMissing } from './toolchains.ts';

interface Language {
  loader: string;
  library: string;
  isMissing: boolean;
  build: (source: string, program: string) => Promise<unknown>;
  panic: string;
}

const LANGUAGES: Record<string, Language> = {
  Go: {
    loader: 'cilium@0.22',
    library: 'cilium/ebpf',
    isMissing: goIsMissing,
    build: async (source, program) => execa('go', ['build', '-o', program, `${source}.go`], { env: { CGO_ENABLED: '0', GOFLAGS: '' } }),
    panic: 'panic: runtime error: index out of range [5] with length 3',
  },
  Rust: {
    loader: 'aya@0.14',
    library: 'aya',
    isMissing: rustIsMissing,
    build: async (source, program) =>
      execa('rustc', ['-Cpanic=abort', '-Ctarget-feature=+crt-static', '-Copt-level=1', '-o', program, 'panics.rs'], {
        cwd: join(source, '..'),
      }),
    panic: 'panic at panics.rs:12:27: index out of bounds: the len is 3 but the index is 5',
  },
};

/** Runs a sample with a loader program that `build` makes at a path. The status, class and reason of its cells. */
async function verdictsWith(
  { loader, library }: Pick<Language, 'loader' | 'library'>,
  build: (program: string) => Promise<unknown>,
  isolation: 'snapshot' | 'boot' = 'snapshot',
): Promise<unknown[]> {
  const folder = await mkdtemp(join(tmpdir(), 'panic-test-'));
  try {
    const path = join(folder, 'loader');
    await build(path);
    const program = { path, sha256: await sha256Of(path), library, release: '1.0' };
    const agent = withLoaderProgram(await ensureAgent({ onNote: () => {} }), program);
    const { objects } = await readInputs(plainSources([sample('array_length')], '.'), { loaders: [loader] });
    const { cells } = await realRun([], ['debian:6.12'], { objects, isolation, otherAgents: new Map([[loader, agent]]) });
    return cells.map(({ status, class: failure, reason }) => [status, failure, reason]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test.each(Object.entries(LANGUAGES))(
  'a panic in a loader program in %s is a crash of the loader with the message of the panic',
  async (_, { loader, library, isMissing, build, panic }) => {
    if (isMissing) return;
    expect(await verdictsWith({ loader, library }, async (path) => build(join(import.meta.dirname, 'panics'), path))).toEqual([
      [
        'fail',
        'loader-crash',
        `loading the object crashes ${library} in two fresh boots: the loading process crashed with SIGABRT: ${panic}`,
      ],
    ]);
  },
  600_000,
);

const ENDLESS = 'the loader program does not end: it reports nothing, and the kernel does nothing for it';

test.each([
  ['loops', 'loop', ENDLESS],
  [
    'takes memory without end',
    'memory',
    expect.stringMatching(/: the loader program took \d\.\d GiB of memory for itself, and the kernel killed it$/),
  ],
])(
  'a loader program that %s is a crash of the loader',
  async (_, fault, reason) => {
    if (goIsMissing) return;
    const words = ['build', '-ldflags', `-X main.fault=${fault}`];
    const build = async (path: string) =>
      execa('go', [...words, '-o', path, join(import.meta.dirname, 'panics.go')], { env: { CGO_ENABLED: '0', GOFLAGS: '' } });
    const proven = typeof reason === 'string' ? `loading the object crashes aya in two fresh boots: ${reason}` : reason;
    expect(await verdictsWith({ loader: 'aya@0.14', library: 'aya' }, build, 'boot')).toEqual([['fail', 'loader-crash', proven]]);
  },
  900_000,
);

// Loader programs that panic, as real ones do on an object that their library does not expect.
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

test.each(Object.entries(LANGUAGES))(
  'a panic in a loader program in %s is a crash of the loader with the message of the panic',
  async (_, { loader, library, isMissing, build, panic }) => {
    if (isMissing) return;
    const folder = await mkdtemp(join(tmpdir(), 'panic-test-'));
    try {
      const path = join(folder, 'loader');
      await build(join(import.meta.dirname, 'panics'), path);
      const agent = withLoaderProgram(await ensureAgent({ onNote: () => {} }), {
        path,
        sha256: await sha256Of(path),
        library,
        release: '1.0',
      });
      const { objects } = await readInputs(plainSources([sample('array_length')], '.'), { loaders: [loader] });
      const { cells } = await realRun([], ['debian:6.12'], { objects, otherAgents: new Map([[loader, agent]]) });
      expect(cells.map(({ status, class: failure, reason }) => [status, failure, reason])).toEqual([
        [
          'fail',
          'loader-crash',
          `loading the object crashes ${library} in two fresh boots: the loading process crashed with SIGABRT: ${panic}`,
        ],
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);

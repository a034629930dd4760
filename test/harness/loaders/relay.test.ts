// Loader programs that break the protocol: the agent ends them, and the cell says that the loader crashed.
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

const WAYS = ['a frame of the agent', 'a number that no frame has', 'a length that is not sane', 'a crash within a frame'];

test.each(WAYS.map((way, mode) => [way, mode] as const))(
  'a loader program that sends %s is a crash of the loader, never a failure of the guest',
  async (_, mode) => {
    const folder = await mkdtemp(join(tmpdir(), 'relay-test-'));
    try {
      const path = join(folder, 'loader');
      const source = join(import.meta.dirname, 'hostile-loader.c');
      await execa('gcc', ['-std=gnu11', '-static', '-s', '-Wall', '-Wextra', '-Werror', `-DMODE=${mode}`, source, '-o', path]);
      const program = { path, sha256: await sha256Of(path), library: 'cilium/ebpf', release: '1.0' };
      const agent = withLoaderProgram(await ensureAgent({ onNote: () => {} }), program);
      const { objects } = await readInputs(plainSources([sample('array_length')], '.'), { loaders: ['cilium@0.22'] });
      const { cells } = await realRun([], ['debian:6.12'], { objects, otherAgents: new Map([['cilium@0.22', agent]]) });
      expect(cells.map(({ status, class: failure, reason }) => [status, failure, reason])).toEqual([
        ['fail', 'loader-crash', 'loading the object crashes cilium/ebpf in two fresh boots: the loading process crashed with SIGABRT'],
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);

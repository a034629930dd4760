// Tests of programs whose attach type or flags only newer kernels load: every loader fails them alike, as predicted.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileBpf } from '../bpf/object/compile.ts';
import { contradictions, runLoaders, verdictsByKernels } from './run-loaders.ts';
import { goIsMissing, rustIsMissing } from './toolchains.ts';

const LOADERS = ['libbpf@default', 'cilium@0.22', 'cilium@0.17', 'aya@0.14', 'aya@0.13'];

const SOURCES = {
  cgroup_hook: 'SEC("lsm_cgroup/socket_bind") int p(void *ctx) { return 1; }',
  fragments: 'SEC("xdp.frags") int p(void *ctx) { return 2; }',
  sleeping_uprobe: 'SEC("uprobe.s/bin/true:main") int p(void *ctx) { return 0; }',
} as const;

test.skipIf(goIsMissing || rustIsMissing)(
  'programs of LSM for cgroups, of XDP with fragments and of uprobes that sleep fail on 5.10 as predicted, with every loader',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'load-needs-'));
    try {
      const paths = await Promise.all(Object.entries(SOURCES).map(async ([name, source]) => compileBpf(folder, name, source)));
      const sources = paths.map((pattern, at) => ({ pattern, name: Object.keys(SOURCES)[at] ?? '' }));
      const results = await runLoaders(sources, ['debian:5.10', 'debian:6.1'], LOADERS);
      expect(contradictions(results)).toEqual([]);
      expect(verdictsByKernels(results)).toMatchSnapshot();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  600_000,
);

// Tests that the libraries which an object's evidence names load it in a guest, and that libbpf does not.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dialectOf } from '../../../harness/bpf/object/dialect.ts';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { runLoaders, verdicts } from './run-loaders.ts';
import { goIsMissing } from './toolchains.ts';

const PROGRAM = 'SEC("xdp") int p(void *ctx) { return 2; }';
const SOURCES = {
  section: 'SEC("classifier/x") int p(void *ctx) { return 0; }',
  hidden: 'SEC("xdp") static int p(void *ctx) { return 2; }',
  ring: `struct { int (*type)[27]; int (*max_entries)[4096]; long *value; } m SEC(".maps"); ${PROGRAM}`,
  perf: `struct { int (*type)[4]; int *key; long *value; } m SEC(".maps"); ${PROGRAM}`,
  legacy: `struct { u32 n[7]; } m SEC("maps") = {{1, 4, 4, 8}}; ${PROGRAM}`,
};

test.skipIf(goIsMissing)(
  'cilium/ebpf loads each object whose evidence names it, and libbpf none of them',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dialect-run-'));
    try {
      const paths = await Promise.all(Object.entries(SOURCES).map(async ([name, source]) => compileBpf(folder, name, source)));
      const dialects = await Promise.all(paths.map(async (path) => dialectOf(readBpfObject(await readFile(path), path))));
      expect(dialects.map((dialect) => dialect?.libraries.includes('cilium'))).toEqual(paths.map(() => true));
      const results = await runLoaders(paths, ['debian:6.12'], ['libbpf@default', 'cilium@0.22']);
      const passed = verdicts(results).filter((line) => line.includes(' pass'));
      expect({ passed: passed.length, withCilium: passed.every((line) => line.includes('+cilium-0.22/')) }).toEqual({
        passed: paths.length,
        withCilium: true,
      });
      expect(verdicts(results)).toHaveLength(2 * paths.length);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
  600_000,
);

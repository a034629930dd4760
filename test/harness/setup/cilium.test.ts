// Tests of building the loader program with cilium/ebpf: which Go it needs, and what a user without it reads.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { LIBRARY_RELEASES } from '../../../harness/base/loader-name.ts';
import { ciliumBuild } from '../../../harness/setup/cilium.ts';
import { ensureLoaderProgram } from '../../../harness/setup/loader-program.ts';
import { goIsMissing } from '../loaders/toolchains.ts';

let folder = '';
afterEach(async () => {
  vi.unstubAllEnvs();
  if (folder !== '') await rm(folder, { recursive: true, force: true });
});

/** Makes a folder the only one in which programs are found, with a `go` that prints a line, or without any. */
async function onlyGo(version: string | null): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-cilium-'));
  if (version !== null) await writeFile(join(folder, 'go'), `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 });
  vi.stubEnv('PATH', folder);
}

test('without Go the error of cilium says which Go is needed', async () => {
  await onlyGo(null);
  await expect(ciliumBuild('0.22')).rejects.toThrow(/^cilium@0\.22 needs Go 1\.25 or newer to be built; this machine has none$/);
});

test('with a Go that is too old the error of cilium names it', async () => {
  await onlyGo('go version go1.21.6 linux/amd64');
  await expect(ciliumBuild('0.17')).rejects.toThrow(/^cilium@0\.17 needs Go 1\.22 or newer to be built; this machine has Go 1\.21$/);
});

test.skipIf(goIsMissing)(
  'every release of cilium/ebpf with a loader program builds, twice to the same bytes',
  async () => {
    const folders = await Promise.all([0, 1].map(async () => mkdtemp(join(tmpdir(), 'cilium-test-'))));
    try {
      for (const release of LIBRARY_RELEASES.cilium) {
        const built = [];
        for (const cache of folders) built.push(await ensureLoaderProgram({ family: 'cilium', release }, { cache, onNote: () => {} }));
        expect(built[0]?.release).toMatch(new RegExp(`^${release.replace('.', String.raw`\.`)}\\.`));
        expect(built[0]?.sha256).toBe(built[1]?.sha256);
      }
    } finally {
      await Promise.all(folders.map(async (each) => rm(each, { recursive: true })));
    }
  },
  600_000,
);

// Tests of `kernels list` without a mirror.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pulledKernel } from '../../kernels/pulled.ts';
import { linkedCache } from '../run/real-run.ts';
import { corematrix } from './command.ts';

test('kernels list without a mirror names the kernels in the cache', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offline-'));
  try {
    const { release } = await pulledKernel('debian:6.12');
    const full = await linkedCache(join(folder, 'full'), ['debian']);
    const list = async (cache: string) => {
      const env = { COREMATRIX_CACHE: cache, COREMATRIX_DEBIAN_MIRROR: 'http://127.0.0.1:1/debian' };
      const { exitCode, stdout, stderr } = await corematrix(folder, ['kernels', 'list'], env);
      return [exitCode, stdout, ...stderr.split('\n').map((line) => line.replace(/(?<=InRelease).*/, ''))];
    };
    const refused = 'error: http://127.0.0.1:1/debian/dists/bullseye/InRelease';
    expect(await list(join(folder, 'empty'))).toEqual([3, '', refused, 'the cache has no kernel']);
    const found = await list(full);
    expect(found.at(-1)).toMatch(/^kernels in the cache, which "predict" and "explain" use without a mirror: /);
    expect(found).toEqual([3, '', refused, expect.stringContaining(release)]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

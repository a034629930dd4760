// Tests of which kernels can be pulled if only verified ones are accepted. The mirror of these tests signs nothing.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { entriesOf, formatLock, parseLock } from '../../kernels/lock.ts';
import { planKernels } from '../../kernels/plan.ts';
import { pullKernel } from '../../kernels/pull.ts';
import { checkTrust } from '../../kernels/sources/trust.ts';
import { bzImage } from './fixtures.ts';
import { failure, mirror, only, useMirror, withCache } from './small-mirror.ts';

useMirror();

it('a kernel of an unsigned index is refused before any download, also if it is cached', async () => {
  await withCache(async ({ options }) => {
    const planned = await only('debian:6.1', options);
    const refusing = { ...options, unverified: 'refuse' } as const;
    mirror.requests.length = 0;
    expect(await failure(pullKernel(planned, refusing))).toMatch(/^InfraError: linux-image-6\.1\.0-50-cloud-amd64 is not verified: \S+/);
    expect(mirror.requests).toEqual([]);
    await pullKernel(planned, options);
    expect(await failure(pullKernel(planned, refusing))).toMatch(/^InfraError: debian-6\.1\.0-50-cloud-amd64 is not verified: \S+/);
  });
});

it('a pinned kernel and a file of the user need no signature', async () => {
  await withCache(async ({ options, folder }) => {
    const entries = await entriesOf(await planKernels(['debian:6.1'], options));
    const lock = await parseLock(await formatLock(entries), 'lock.json');
    const image = join(folder, 'bzImage');
    await writeFile(image, bzImage());
    const refusing = { ...options, lock, unverified: 'refuse' } as const;
    const planned = await planKernels(['debian:6.1', `file:${image}`], refusing);
    const pulled = await Promise.all(planned.map(async (kernel) => pullKernel(kernel, refusing)));
    expect(pulled.map(({ id }) => id)).toEqual(['debian-6.1.0-50-cloud-amd64', 'file-6.9.1-test']);
  });
});

it('a signed kernel passes if unverified ones are refused, and an unverified one passes if they are accepted', () => {
  const unverified = { kind: 'unverified', reason: 'the mirror does not sign its index' } as const;
  expect(() => checkTrust({ kind: 'signed' }, 'a kernel', 'refuse')).not.toThrow();
  expect(() => checkTrust(unverified, 'a kernel')).not.toThrow();
  expect(() => checkTrust(unverified, 'a kernel', 'refuse')).toThrow('a kernel is not verified: the mirror does not sign its index');
});

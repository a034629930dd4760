import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { typesOf } from '../../../harness/run/kernel-types.ts';
import type { KernelImage } from '../../../kernels/pull.ts';
import { buildBtf } from '../bpf/btf/build-btf.ts';

let folder = '';
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'types-test-'))));
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function image(bytes: Uint8Array | null): Promise<KernelImage> {
  const path = join(folder, 'btf');
  if (bytes) await writeFile(path, bytes);
  const names = { id: 'debian-6.12', selector: 'debian:6.12', version: '6.12', series: '6.12', release: '6.12', distribution: 'debian' };
  const btf = bytes && { path, size: bytes.length, sha256: '0'.repeat(64) };
  return {
    ...names,
    arch: 'x86_64',
    sha256: '0'.repeat(64),
    vmlinux: null,
    image: null,
    btf,
    config: null,
    modules: { folder: async () => '/nowhere' },
    package: null,
    trust: { kind: 'own' },
    notes: [],
  };
}

it('the types of a kernel are read once', async () => {
  const types = typesOf(await image(buildBtf([{ name: 'int', kind: 1, size: 4, words: [0x01000020] }])));
  const [first, second] = [await types(), await types()];
  expect(first).toBe(second);
  expect({ readable: first.readable, end: first.kernel?.vmlinux.btf.endId }).toEqual({ readable: true, end: 2 });
});

it('a kernel without BTF is distinguished from one with invalid BTF', async () => {
  expect(await typesOf(await image(null))()).toEqual({ readable: true, kernel: null });
  expect(await typesOf(await image(Buffer.from('not at all BTF, but long enough')))()).toEqual({
    readable: false,
    kernel: null,
    reason: 'debian-6.12: not BTF: the magic number is missing',
  });
});

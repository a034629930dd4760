// Tests of the modules that a guest loads before the object.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { moduleLoader, moduleNames } from '../../../../../harness/plan/settings/modules/loaded-modules.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'modules-'));
});
afterEach(async () => rm(folder, { recursive: true }));

test('a module that is part of the image is known and needs no loading, and one that is nowhere is named with its neighbours', async () => {
  await writeFile(join(folder, 'veth.ko'), 'not an ELF file, so it needs no other module');
  await writeFile(join(folder, 'modules.builtin'), 'kernel/lib/crc/crc32.ko\nkernel/net/ipv4/tcp-cubic.ko\n\nnot a path\n');
  const load = moduleLoader({ id: '6.12', modules: { folder: async () => folder } }, { cache: folder });

  expect(await moduleNames(folder)).toEqual(['veth', 'crc32', 'tcp_cubic']);
  expect((await load(['tcp_cubic', 'veth', 'crc32'])).map(({ name }) => name)).toEqual(['veth']);
  await expect(load(['vetth'])).rejects.toThrow('6.12 has no module vetth; nearest: veth');
});

test('a folder without a list of the modules in the image has its files alone', async () => {
  await writeFile(join(folder, 'nf-nat.ko.xz'), '');
  expect(await moduleNames(folder)).toEqual(['nf_nat']);
});

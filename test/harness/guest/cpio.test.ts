// Tests of the cpio archive with cpio(1). Every test with a guest shows that kernels accept it.
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { writeCpio } from '../../../harness/guest/cpio.ts';

const ENTRIES = [
  { path: 'dev', mode: 0o40755 },
  { path: 'dev/console', mode: 0o20600, device: [5, 1] as const },
  { path: 'init', mode: 0o100755, content: Buffer.from('#!/bin/true\n') },
  { path: 'empty', mode: 0o100644, content: Buffer.alloc(0) },
];

test('cpio(1) lists the packed entries with modes, sizes and device numbers', async () => {
  const { stdout } = await execa('cpio', ['-tv', '--quiet', '--numeric-uid-gid'], { input: writeCpio(ENTRIES), env: { TZ: 'UTC' } });
  expect(stdout).toMatchInlineSnapshot(`
    "drwxr-xr-x   1 0        0               0 Jan  1  1970 dev
    crw-------   1 0        0          5,   1 Jan  1  1970 dev/console
    -rwxr-xr-x   1 0        0              12 Jan  1  1970 init
    -rw-r--r--   1 0        0               0 Jan  1  1970 empty"
  `);
});

test('a cpio archive depends only on its entries, and fills whole blocks', () => {
  const archive = writeCpio(ENTRIES);
  expect(archive.equals(writeCpio(ENTRIES))).toBe(true);
  expect(archive.length % 512).toBe(0);
});

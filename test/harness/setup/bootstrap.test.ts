// Tests of the first step of set-up: it can be repeated, and is quick and quiet if nothing is missing.
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

const BOOTSTRAP = join(PACKAGE_ROOT, 'harness/setup/bootstrap.mjs');

it('a second bootstrap does nothing, prints one line, and writes nothing to standard output', async () => {
  const first = await execa(process.execPath, [BOOTSTRAP]);
  const second = await execa(process.execPath, [BOOTSTRAP]);
  expect([first.stdout, second.stdout]).toEqual(['', '']);
  expect(second.stderr).toMatch(
    /^set-up: ready: guest agent with libbpf \d+\.\d+(\.\d+)? \((Debian source package libbpf [^ ]+|system package libbpf-dev [^ ]+)\), \d+ sample objects$/,
  );
});

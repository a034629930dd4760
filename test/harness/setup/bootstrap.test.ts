// The first step of set-up: repeatable, and quick and quiet when nothing is missing.
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

const BOOTSTRAP = join(PACKAGE_ROOT, 'harness/setup/bootstrap.mjs');

it('has nothing to do the second time, says so in one line, and leaves standard output alone', async () => {
  const first = await execa(process.execPath, [BOOTSTRAP]);
  const second = await execa(process.execPath, [BOOTSTRAP]);
  expect([first.stdout, second.stdout]).toEqual(['', '']);
  expect(second.stderr).toMatch(
    /^set-up: ready: guest agent with libbpf \d+\.\d+(\.\d+)? \((Debian source package libbpf [^ ]+|system package libbpf-dev [^ ]+)\), \d+ sample objects$/,
  );
});

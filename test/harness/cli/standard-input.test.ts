// Tests of standard input that cannot be read.
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

it('exec --stdin refuses a folder as standard input', async () => {
  const main = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
  const command = `node '${main}' exec -k debian:6.12 --stdin -- /bin/cat < '${tmpdir()}'`;
  const { exitCode, stdout, stderr } = await execa('sh', ['-c', command], { reject: false });
  expect([exitCode, stdout, stderr]).toEqual([
    2,
    '',
    'error: standard input: is a folder; expected a file or a pipe with the input of a guest',
  ]);
});

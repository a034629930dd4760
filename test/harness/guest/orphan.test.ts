// Tests that QEMU cannot outlive the process that starts it, even one that is killed at once.
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orphan-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** setpriv(1) on a machine so busy that its parent is dead before it runs. It ends the test when the program in it has ended or run. */
const SLOW_SETPRIV = `#!/bin/sh
while kill -0 "$PPID" 2> /dev/null; do sleep 0.02; done
PATH="$REAL_PATH" setpriv "$@"
echo over > "$FOLDER/over"
`;

it('QEMU does not start if the process that starts it was killed before', async () => {
  await writeFile(join(folder, 'setpriv'), SLOW_SETPRIV);
  await chmod(join(folder, 'setpriv'), 0o755);
  await writeFile(join(folder, 'program'), `#!/bin/sh\necho started > "${folder}/started"\n`);
  await chmod(join(folder, 'program'), 0o755);
  const code = `import { startQemu } from ${JSON.stringify(join(PACKAGE_ROOT, 'dist/harness/guest/qemu.js'))};
    startQemu(${JSON.stringify(join(folder, 'program'))}, [], new AbortController().signal);
    process.kill(process.pid, 'SIGKILL');`;
  const path = process.env['PATH'] ?? '';
  const env = { PATH: `${folder}:${path}`, REAL_PATH: path, FOLDER: folder };
  const { signal } = await execa(process.execPath, ['--input-type=module', '-e', code], { env, reject: false });
  expect(signal).toBe('SIGKILL');
  await expect.poll(async () => readFile(join(folder, 'over'), 'utf8').catch(() => ''), { timeout: 20_000 }).toBe('over\n');
  await expect(readFile(join(folder, 'started'))).rejects.toThrow('ENOENT');
});

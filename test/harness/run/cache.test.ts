// One cache and several runs: at once, of another user, and where nothing may be written.
import { access, chmod, constants, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/setup/root.ts';
import { cacheRoot } from '../../../kernels/cache.ts';
import { steady } from '../cli/command.ts';
import { linkedCache, sample } from './real-run.ts';

const MAIN = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
const NOBODY = 65534;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cache-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function run(cache: string, out: string, prefix: readonly string[] = []) {
  const args = [MAIN, 'run', sample('task_state'), '-k', 'debian:5.10', '-o', join(folder, out)];
  const [program = 'node', ...rest] = [...prefix, process.execPath, ...args];
  return execa(program, rest, {
    cwd: folder,
    env: { COREMATRIX_CACHE: cache, HOME: folder, TMPDIR: folder },
    reject: false,
    stdin: 'ignore',
  });
}

describe('a cache', () => {
  it('serves two runs that make the same snapshot at once, and keeps one of it', async () => {
    const cache = await linkedCache(join(folder, 'cache'));
    const runs = await Promise.all(['one', 'two', 'three'].map(async (out) => run(cache, out)));
    const [first] = runs;
    expect(runs.map(({ exitCode, stdout }) => ({ exitCode, stdout: steady(stdout) }))).toEqual(
      runs.map(() => ({ exitCode: 1, stdout: steady(first?.stdout ?? '') })),
    );
    expect(first?.stdout).toContain('2 pass, 1 fail');
    const kept = await readdir(join(cache, 'snapshots'));
    expect([kept.length, kept.filter((name) => name.includes('.'))]).toEqual([1, []]);
  });

  const readable = async () =>
    Promise.all(
      [MAIN, cacheRoot(), process.execPath].map(async (path) =>
        execa('setpriv', [`--reuid=${NOBODY}`, '--clear-groups', 'test', '-r', path]),
      ),
    ).then(
      () => true,
      () => false,
    );

  it('that may not be written serves what is in it, to a user who is not root', async (context) => {
    if (process.getuid?.() !== 0 || !(await readable())) context.skip('needs root, and a checkout and a cache that others may read');
    await chmod(folder, 0o777);
    await run(cacheRoot(), 'first');
    const { exitCode, stdout, stderr } = await run(cacheRoot(), 'second', [
      'setpriv',
      `--reuid=${NOBODY}`,
      '--regid=65534',
      '--clear-groups',
    ]);
    expect(`${steady(stdout)}\nexit ${exitCode}`).toContain('2 pass, 1 fail');
    expect(stderr).not.toContain('EACCES');
    await expect(access(join(folder, 'second/index.html'), constants.R_OK)).resolves.toBeUndefined();
  });
});

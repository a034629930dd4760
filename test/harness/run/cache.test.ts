// Tests of one cache that several runs use: at the same time, of another user, and read-only.
import { access, chmod, constants, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { cacheRoot } from '../../../harness/base/files.ts';
import { steady } from '../cli/command.ts';
import { linkedCache, sample } from './real-run.ts';

const MAIN = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
const NOBODY = 65534;
const NOBODY_ALONE = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--inh-caps=-all', '--no-new-privs'];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cache-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function run(cache: string, out: string) {
  return execa(process.execPath, [MAIN, 'run', '--no-cache', sample('task_state'), '-k', 'debian:5.10', '-o', join(folder, out)], {
    cwd: folder,
    env: { COREMATRIX_CACHE: cache, HOME: folder, TMPDIR: folder },
    reject: false,
    stdin: 'ignore',
  });
}

describe('a cache', () => {
  it('a cache keeps one snapshot if two runs make the same one at the same time', async () => {
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

  it('a read-only cache works for a user who is not root', async (context) => {
    if (process.getuid?.() !== 0) context.skip('the whole suite runs as a user who is not root');
    const { failed } = await execa('unshare', ['--mount', 'true'], { reject: false });
    if (failed) context.skip('mounts cannot be private here, as in a chroot');
    await chmod(folder, 0o777);
    await run(cacheRoot(), 'first');
    // Checkout, cache and node may be in a home folder that other users cannot enter, so they are mounted where all users can.
    const places = { checkout: PACKAGE_ROOT, cache: cacheRoot(), node: dirname(process.execPath) };
    const mounts = Object.entries(places).map(
      ([name, path]) => `mkdir -p '${folder}/${name}' && mount --bind '${path}' '${folder}/${name}'`,
    );
    const args = [
      join(folder, 'checkout/dist/harness/cli/main.js'),
      'run',
      '--no-cache',
      join(folder, 'checkout', relative(PACKAGE_ROOT, sample('task_state'))),
    ];
    const script = [
      ...mounts,
      `exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups --inh-caps=-all --no-new-privs '${folder}/node/node' "$@"`,
    ].join(' && ');
    const { exitCode, stdout, stderr } = await execa(
      'unshare',
      ['--mount', 'sh', '-c', script, 'sh', ...args, '-k', 'debian:5.10', '-o', join(folder, 'second')],
      {
        cwd: folder,
        env: { COREMATRIX_CACHE: join(folder, 'cache'), HOME: folder, TMPDIR: folder },
        reject: false,
        stdin: 'ignore',
      },
    );
    expect({ exitCode, denied: /EACCES|EPERM/.exec(stderr)?.[0] ?? null, stdout }).toEqual({
      exitCode: 1,
      denied: null,
      stdout: expect.stringContaining('2 pass, 1 fail'),
    });
    await expect(access(join(folder, 'second/index.html'), constants.R_OK)).resolves.toBeUndefined();
  });

  it('a cache of another user is refused in one line, and pruning it names the entries that stay', async (context) => {
    if (process.getuid?.() !== 0) context.skip('only root can become another user');
    const cache = await linkedCache(join(folder, 'cache'));
    await mkdir(join(cache, 'verdicts'));
    await writeFile(join(cache, 'verdicts/0.json.gz'), '');
    for (const path of [dirname(folder), folder]) await chmod(path, 0o755);
    const asNobody = async (...args: string[]) =>
      execa('setpriv', [...NOBODY_ALONE, process.execPath, MAIN, ...args], {
        cwd: folder,
        env: { COREMATRIX_CACHE: cache, HOME: folder },
        reject: false,
        stdin: 'ignore',
      });
    if ((await asNobody('--version')).failed) context.skip('another user cannot enter the folder of this checkout');
    const pruned = await asNobody('kernels', 'prune', '--all');
    const refusal = 'no permission to remove N entries, such as FOLDER/PATH; run the same command as the user who owns them';
    const lines = pruned.stderr
      .replaceAll(/\d+ entries,/g, 'N entries,')
      .replaceAll(/such as \S+;/g, 'such as FOLDER/PATH;')
      .split('\n');
    expect([pruned.exitCode, lines.at(-1)]).toEqual([3, `error: ${refusal}`]);
    expect(await readdir(join(cache, 'verdicts'))).toEqual(['0.json.gz']);
    await chmod(cache, 0o700);
    const out = join(folder, 'out');
    await mkdir(out);
    await chmod(out, 0o777);
    const refused = await asNobody('run', sample('task_state'), '-k', 'debian:5.10', '-o', out);
    expect([refused.exitCode, refused.stderr.split('\n').at(-1)]).toEqual([
      3,
      expect.stringMatching(/^error: cannot write [^\n]*: no permission; point COREMATRIX_CACHE [^\n]*$/),
    ]);
  });
});

const mayBecomeOthers = process.getuid?.() === 0 && !(await execa('unshare', ['--mount', 'true'], { reject: false })).failed;
if (!mayBecomeOthers)
  process.stderr.write('SKIPPED: two users of one cache: only root can become another user, and only where mounts can be private\n');

describe.skipIf(!mayBecomeOthers)('a cache that two users share', () => {
  const USERS = [65_533, NOBODY] as const;

  /** A cache that everybody may write, with the kernels of the machine, which each user sees at `real`. */
  async function sharedCache(): Promise<string> {
    const [cache, real] = [join(folder, 'shared'), join(folder, 'real')];
    await mkdir(cache);
    for (const name of await readdir(cacheRoot()))
      if (!['snapshots', 'verdicts', 'accel.json', 'kernels'].includes(name)) await symlink(join(real, name), join(cache, name));
    await mkdir(join(cache, 'kernels'));
    for (const name of await readdir(join(cacheRoot(), 'kernels')))
      await symlink(join(real, 'kernels', name), join(cache, 'kernels', name));
    for (const path of [folder, cache, join(cache, 'kernels')]) await chmod(path, 0o777);
    return cache;
  }

  /** Runs a command as a user. Checkout, cache and node are mounted where every user can enter. */
  async function as(user: number, umask: string, cache: string, args: (checkout: string) => readonly string[]) {
    const places = { checkout: PACKAGE_ROOT, real: cacheRoot(), node: dirname(process.execPath) };
    const mounts = Object.entries(places).map(
      ([name, path]) => `mkdir -p '${folder}/${name}' && mount --bind '${path}' '${folder}/${name}'`,
    );
    const drop = `exec setpriv --reuid=${user} --regid=${user} --clear-groups --inh-caps=-all --no-new-privs '${folder}/node/node' "$@"`;
    const script = [...mounts, `umask ${umask}`, drop].join(' && ');
    const checkout = join(folder, 'checkout');
    const all = [join(checkout, 'dist/harness/cli/main.js'), ...args(checkout)];
    const { exitCode, stdout, stderr } = await execa('unshare', ['--mount', 'sh', '-c', script, 'sh', ...all], {
      cwd: folder,
      env: { COREMATRIX_CACHE: cache, HOME: folder, TMPDIR: folder },
      reject: false,
      stdin: 'ignore',
    });
    return { exitCode, stdout: steady(stdout), stderr };
  }

  const runAs = async (user: number, umask: string, cache: string, out: string) =>
    as(user, umask, cache, (checkout) => {
      const object = join(checkout, relative(PACKAGE_ROOT, sample('task_state')));
      return ['run', '--no-cache', object, '-k', 'debian:5.10', '-o', join(folder, out)];
    });

  it.each([
    ['022', 'only the user who made a part of the cache can change it'],
    ['000', 'each user can change every part'],
  ])('two users who start with one empty cache both get their verdicts (umask %s: %s)', async (umask) => {
    const cache = await sharedCache();
    const first = await Promise.all(USERS.map(async (user) => runAs(user, umask, cache, `first-${user}`)));
    const second = await Promise.all(USERS.map(async (user) => runAs(user, umask, cache, `second-${user}`)));
    const ran = [...first, ...second];
    const errors = ran.map(({ exitCode, stderr }) => [exitCode, stderr.split('\n').filter((line) => line.startsWith('error: '))]);
    expect(errors).toEqual(ran.map(() => [1, []]));
    expect(new Set(ran.map(({ stdout }) => stdout)).size).toBe(1);
    expect(first[0]?.stdout).toContain('2 pass, 1 fail');
    const kept = await readdir(join(cache, 'snapshots'));
    expect([kept.length, kept.filter((name) => name.includes('.'))]).toEqual([1, []]);
    expect((await readdir(folder)).filter((name) => /^corematrix-[0-9a-f]{16}$/.test(name))).toEqual([]);
  });
});

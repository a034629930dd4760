// Tests of pruning the cache.
import { lutimes, mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pruneCache, removeUnfinished } from '../../kernels/prune.ts';
import { makeOwnedFolder, type OwnedFolder } from '../../harness/base/ownership.ts';
import { withFolder } from './fixtures.ts';

const LEFT = '0123456789abcdef';

async function fill(cache: string): Promise<OwnedFolder> {
  const old = new Date(Date.now() - 40 * 24 * 60 * 60 * 1000);
  const write = async (path: string, time: Date | null) => {
    const file = join(cache, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'x');
    if (time) {
      await utimes(file, time, time);
      await utimes(dirname(file), time, time);
    }
  };
  await write('kernels/old/vmlinux', old);
  await write('kernels/new/vmlinux', null);
  await write(`kernels/a.tmp-${LEFT}/vmlinux`, null);
  await write(`kernels/a.tmp-${LEFT}/.owner`, null);
  await write('snapshots/old/ram', old);
  await write(`downloads/c.part-${LEFT}/.owner`, null);
  await write(`verdicts/d.tmp-${LEFT}`, old);
  await write(`verdicts/e.tmp-${LEFT}`, null);
  await write('agent/old/init', old);
  await write(`agent/f.tmp-${LEFT}/.owner`, null);
  const alive = await makeOwnedFolder(join(cache, 'kernels/b.tmp-'));
  await writeFile(join(alive.path, 'vmlinux'), 'x');
  await utimes(join(alive.path, 'vmlinux'), old, old);
  return alive;
}

const kept = async (cache: string) =>
  (await readdir(cache, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;

describe('pruning the cache', () => {
  const prune = async (options: { all?: boolean; dryRun?: boolean }) =>
    withFolder(async (cache) => {
      const alive = await fill(cache);
      const { removed } = await pruneCache({ cache, keepDays: 30, all: options.all === true, dryRun: options.dryRun === true });
      const files = await kept(cache);
      await alive.remove();
      return { removed: removed.map(({ path, why }) => `${path.slice(cache.length + 1)}: ${why}`), files };
    });

  const UNUSED = [
    'kernels/a.tmp-0123456789abcdef: unfinished',
    'kernels/old: unused',
    'snapshots/old: unused',
    'verdicts/d.tmp-0123456789abcdef: unfinished',
    'downloads/c.part-0123456789abcdef: unfinished',
    'agent/f.tmp-0123456789abcdef: unfinished',
  ];

  it('pruning the cache removes entries without recent use and leftovers of dead processes, but no files of running processes', async () => {
    expect(await prune({})).toEqual({ removed: UNUSED, files: 5 });
  });

  it('pruning the cache removes nothing in a dry run', async () => {
    expect(await prune({ dryRun: true })).toEqual({ removed: UNUSED, files: 12 });
  });

  it('pruning the cache with `all` removes everything that can be recreated', async () => {
    const { removed, files } = await prune({ all: true });
    expect([removed, files]).toEqual([
      [
        'kernels/a.tmp-0123456789abcdef: unfinished',
        'kernels/new: all',
        'kernels/old: all',
        'snapshots/old: all',
        'verdicts/d.tmp-0123456789abcdef: unfinished',
        'downloads/c.part-0123456789abcdef: unfinished',
        'agent/f.tmp-0123456789abcdef: unfinished',
      ],
      4,
    ]);
  });

  it('pruning the cache does nothing without a cache', async () => {
    expect(await pruneCache({ cache: '/does/not/exist', keepDays: 0, all: true, dryRun: false })).toEqual({ removed: [], refused: [] });
  });

  it('pruning the cache removes nothing behind links in it, and does not count what they name', async () => {
    const old = new Date(Date.now() - 40 * 24 * 60 * 60 * 1000);
    await withFolder(async (folder) => {
      const [cache, other] = [join(folder, 'cache'), join(folder, 'other')];
      await mkdir(other);
      await writeFile(join(other, 'id_rsa'), 'x'.repeat(1 << 20));
      for (const path of ['kernels/a', 'agent/a', 'snapshots/a', 'kernels/unused']) {
        const link = join(cache, path === 'kernels/unused' ? path : `${path}.tmp-1-abcdef01`);
        await mkdir(dirname(link), { recursive: true });
        await symlink(other, link);
        await lutimes(link, old, old);
      }
      const { removed } = await pruneCache({ cache, keepDays: 30, all: false, dryRun: false });
      expect(removed.map(({ path, size }) => [path.slice(cache.length + 1), size])).toEqual([['kernels/unused', 0]]);
      expect(await readdir(other)).toEqual(['id_rsa']);
    });
  });
});

it('an unfinished file in the folder of a kernel is removed after a day', async () => {
  await withFolder(async (cache) => {
    const folder = join(cache, 'kernels/new');
    await mkdir(folder, { recursive: true });
    const names = ['config', 'config.tmp-0123456789abcdef', 'config.tmp-fedcba9876543210'];
    for (const name of names) await writeFile(join(folder, name), 'x');
    const twoDaysAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000);
    for (const name of names.slice(0, 2)) await utimes(join(folder, name), twoDaysAgo, twoDaysAgo);
    await removeUnfinished(cache);
    expect((await readdir(folder)).toSorted()).toEqual(['config', 'config.tmp-fedcba9876543210']);
  });
});

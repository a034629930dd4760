// Tests of pruning the cache.
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pruneCache } from '../../kernels/prune.ts';
import { withFolder } from './fixtures.ts';

const DEAD = 999_999_999;

async function fill(cache: string): Promise<void> {
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
  await write(`kernels/a.tmp-${DEAD}-0123abcd/vmlinux`, null);
  await write(`kernels/b.tmp-${process.pid}-0123abcd/vmlinux`, old);
  await write('snapshots/old/ram', old);
  await write(`downloads/c.part-${DEAD}-0123abcd`, null);
  await write('agent/old/init', old);
}

const kept = async (cache: string) =>
  (await readdir(cache, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;

describe('pruning the cache', () => {
  const prune = async (options: { all?: boolean; dryRun?: boolean }) =>
    withFolder(async (cache) => {
      await fill(cache);
      const removed = await pruneCache({ cache, keepDays: 30, all: options.all === true, dryRun: options.dryRun === true });
      return { removed: removed.map(({ path, why }) => `${path.slice(cache.length + 1)}: ${why}`), files: await kept(cache) };
    });

  const UNUSED = [
    'kernels/a.tmp-999999999-0123abcd: unfinished',
    'kernels/old: unused',
    'snapshots/old: unused',
    'downloads/c.part-999999999-0123abcd: unfinished',
  ];

  it('pruning the cache removes entries that were not used lately and leftovers of dead processes, but no files of running ones', async () => {
    expect(await prune({})).toEqual({ removed: UNUSED, files: 3 });
  });

  it('pruning the cache removes nothing in a dry run', async () => {
    expect(await prune({ dryRun: true })).toEqual({ removed: UNUSED, files: 7 });
  });

  it('pruning the cache with `all` removes everything that can be recreated', async () => {
    const { removed, files } = await prune({ all: true });
    expect([removed, files]).toEqual([
      [
        'kernels/a.tmp-999999999-0123abcd: unfinished',
        'kernels/new: all',
        'kernels/old: all',
        'snapshots/old: all',
        'downloads/c.part-999999999-0123abcd: unfinished',
      ],
      2,
    ]);
  });

  it('pruning the cache does nothing without a cache', async () => {
    expect(await pruneCache({ cache: '/does/not/exist', keepDays: 0, all: true, dryRun: false })).toEqual([]);
  });
});

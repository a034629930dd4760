// Tests that cache entries are whole or absent, also if several processes write or a process is killed.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheRoot, explainDiskError, writeFileAtomic } from '../../../harness/base/files.ts';
import { makeFolderBeside, populateDirectory } from '../../../harness/base/populate.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'corematrix-cache-'));
});
afterEach(async () => rm(directory, { recursive: true }));

describe('the cache root', () => {
  it('the cache root is COREMATRIX_CACHE, else the XDG folder, else ~/.cache', () => {
    const home = join(homedir(), '.cache', 'corematrix');
    expect(cacheRoot({ COREMATRIX_CACHE: '/somewhere', XDG_CACHE_HOME: '/xdg' })).toBe('/somewhere');
    expect(cacheRoot({ COREMATRIX_CACHE: 'here' })).toBe(join(process.cwd(), 'here'));
    expect(cacheRoot({ XDG_CACHE_HOME: '/xdg' })).toBe('/xdg/corematrix');
    expect(cacheRoot({ XDG_CACHE_HOME: 'relative' })).toBe(home);
    expect(cacheRoot({ COREMATRIX_CACHE: '' })).toBe(home);
  });
});

describe('a file in the cache', () => {
  it('a cache file is written whole over an older one, and no other file remains', async () => {
    const path = join(directory, 'deep', 'file.json');
    await writeFileAtomic(path, 'old');
    await writeFileAtomic(path, 'new');
    expect([await readFile(path, 'utf8'), await readdir(join(directory, 'deep'))]).toEqual(['new', ['file.json']]);
  });

  it('a cache file below a file is refused with advice', async () => {
    await writeFile(join(directory, 'file'), '');
    const path = join(directory, 'file', 'entry');
    await expect(writeFileAtomic(path, '')).rejects.toThrow(
      `cannot write ${path}: a part of that path is a file; point COREMATRIX_CACHE at a directory`,
    );
  });

  it('a full or read-only disk is an error with advice', async () => {
    await expect(
      writeFile('/dev/full', 'x').catch((error: unknown) => Promise.reject(explainDiskError(error, '/cache/x'))),
    ).rejects.toThrow(
      'cannot write /cache/x: the disk is full; free some space, run "corematrix kernels prune" or point COREMATRIX_CACHE elsewhere',
    );
  });
});

describe('a cache that cannot be made', () => {
  it('a cache that cannot be created is an error, also below /proc', async () => {
    await expect(writeFileAtomic('/proc/corematrix/a/b', '')).rejects.toThrow(
      'cannot make /proc/corematrix; point COREMATRIX_CACHE at a directory that can be written',
    );
  });
});

describe('a directory in the cache', () => {
  it('a cache directory is built once and used afterwards', async () => {
    const target = join(directory, 'a', 'entry');
    let builds = 0;
    const build = async (inside: string) => {
      builds += 1;
      await mkdir(join(inside, 'sub'));
      await writeFile(join(inside, 'sub', 'x'), 'content');
    };
    expect([await populateDirectory(target, build), await populateDirectory(target, build), builds]).toEqual(['built', 'existing', 1]);
    expect([await readdir(join(directory, 'a')), await readFile(join(target, 'sub', 'x'), 'utf8')]).toEqual([['entry'], 'content']);
  });

  it('if several processes build the same cache directory at once, the first one is kept', async () => {
    const target = join(directory, 'entry');
    const made = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => populateDirectory(target, async (inside) => writeFile(join(inside, name), name))),
    );
    expect(made.toSorted()).toEqual(['built', 'existing', 'existing']);
    expect([(await readdir(target)).length, await readdir(directory)]).toEqual([1, ['entry']]);
  });

  it('a cache directory does not exist if its build fails', async () => {
    const failing = populateDirectory(join(directory, 'entry'), async (inside) => {
      await writeFile(join(inside, 'x'), '');
      throw new Error('out of luck');
    });
    await expect(failing).rejects.toThrow('out of luck');
    expect(await readdir(directory)).toEqual([]);
  });

  it('a cache directory does not exist if the process is killed during its build, and the next build removes its leftovers', async () => {
    const target = join(directory, 'entry');
    const alive = await makeFolderBeside(target);
    await mkdir(`${target}.tmp-00c0ffee00c0ffee`);
    await writeFile(`${target}.tmp-00c0ffee00c0ffee/.owner`, '');
    expect(await populateDirectory(target, async () => {})).toBe('built');
    expect((await readdir(directory)).toSorted()).toEqual(['entry', basename(alive.path)]);
    await alive.remove();
    expect([await readdir(directory), await readdir(target)]).toEqual([['entry'], []]);
  });
});

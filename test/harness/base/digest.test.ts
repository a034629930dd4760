// Tests of the digest that decides whether something must be built again.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { digestOf, filesIn } from '../../../harness/base/digest.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'corematrix-digest-'));
});
afterEach(async () => rm(directory, { recursive: true }));

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
}

it('the files of a folder are found by their endings, sorted, without those of subfolders', async () => {
  for (const name of ['b.c', 'a.c', 'a.h', 'notes.md', 'below/z.c']) await file(name, '');
  expect(await filesIn(directory, ['.c', '.h'])).toEqual(['a.c', 'a.h', 'b.c'].map((name) => join(directory, name)));
});

it('a digest of build inputs changes with every content, name and word, and with nothing else', async () => {
  const [one, other, same] = [await file('one.c', 'x'), await file('other.c', 'x'), await file('elsewhere/one.c', 'x')];
  const digest = await digestOf([one], 'gcc 12', '-O2');
  expect(digest).toMatch(/^[0-9a-f]{32}$/);
  expect(await digestOf([same], 'gcc 12', '-O2')).toBe(digest);
  const different = [
    await digestOf([other], 'gcc 12', '-O2'),
    await digestOf([one], 'gcc 13', '-O2'),
    await digestOf([one], 'gcc 12-O2'),
    await digestOf([one, other], 'gcc 12', '-O2'),
    await digestOf([await file('one.c', 'y')], 'gcc 12', '-O2'),
  ];
  expect(new Set([digest, ...different]).size).toBe(different.length + 1);
});

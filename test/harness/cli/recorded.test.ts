import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRecorded, foldersOf, optionOf } from '../../../harness/cli/recorded.ts';

const here = process.cwd();

test('an option is read from every form of a recorded command line', () => {
  const command = ['corematrix', 'run', '-o', 'out', '--config=a=b.yaml', '-c'];
  expect([optionOf(command, '-o', '--out'), optionOf(command, '--config'), optionOf(command, '-c'), optionOf(command, '-k')]).toEqual([
    'out',
    'a=b.yaml',
    undefined,
    undefined,
  ]);
});

test('recorded names are relative to the folder of the run first, if its report is still there', () => {
  const folders = (results: string, ...command: string[]) => foldersOf(results, ['corematrix', 'run', ...command], undefined);
  expect(folders('/p/corematrix-report/results.json')).toEqual(['/p', here, '/p/corematrix-report']);
  expect(folders('/p/a/b/results.json', '-o', './a/b/')).toEqual(['/p', here, '/p/a/b', '/p/a']);
  expect(folders('/p/results.json', '--out=.')).toEqual(['/p', here, '/']);
  expect(folders('/moved/results.json', '-o', 'a')).toEqual([here, '/moved', '/']);
  expect(folders('/x/a/results.json', '-o', '../a')).toEqual([here, '/x/a', '/x']);
  expect(foldersOf('/p/r/results.json', [], 'conf/corematrix.yaml')).toEqual([here, join(here, 'conf'), '/p/r', '/p']);
});

test('if several files have a recorded name, the unchanged one is used', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'recorded-'));
  try {
    for (const name of ['a', 'b']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'object'), name);
    }
    const folders = [join(folder, 'none'), join(folder, 'a'), join(folder, 'b')];
    const sha256 = createHash('sha256').update('b').digest('hex');
    expect(await findRecorded('object', sha256, folders)).toBe(join(folder, 'b/object'));
    expect(await findRecorded('object', 'f'.repeat(64), folders)).toBe(join(folder, 'a/object'));
    await expect(findRecorded('nothing', null, folders.slice(0, 1))).rejects.toThrow(
      `nothing: no such file; looked for ${join(folder, 'none/nothing')}; start this where that run was started`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});

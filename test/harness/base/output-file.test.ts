// Tests of the rule for single files that a command writes: what may be replaced, and what never is.
import { lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { messageOf } from '../../../harness/base/errors.ts';
import { type OutputFile, writeOutputFile } from '../../../harness/base/output-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-test-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

/** Writes `new` as a list, and returns the reason if that is refused. */
async function write(name: string, options: Partial<OutputFile> = {}): Promise<string> {
  const isOurs = (text: string) => text.startsWith('list:');
  return writeOutputFile({ path: at(name), kind: 'a list', maxBytes: 100, isOurs, force: false, ...options }, 'list: new').then(
    () => 'written',
    (error: unknown) => messageOf(error).replaceAll(folder, 'FOLDER'),
  );
}

it('a new file and a file of the same kind are written', async () => {
  expect([await write('file'), await readFile(at('file'), 'utf8')]).toEqual(['written', 'list: new']);
  await writeFile(at('file'), 'list: old');
  expect([await write('file'), await readFile(at('file'), 'utf8')]).toEqual(['written', 'list: new']);
});

it('a file of another kind is replaced only with --force', async () => {
  await writeFile(at('notes'), 'my notes');
  expect(await write('notes')).toBe('FOLDER/notes exists already and is not a list; --force replaces it');
  expect(await write('notes', { force: undefined })).toBe('FOLDER/notes exists already and is not a list; name another file');
  expect(await write('notes', { isOurs: null })).toBe('FOLDER/notes exists already; --force replaces it');
  expect(await readFile(at('notes'), 'utf8')).toBe('my notes');
  expect([await write('notes', { force: true }), await readFile(at('notes'), 'utf8')]).toEqual(['written', 'list: new']);
});

it('a link stays, and the file that it names follows the same rule', async () => {
  await writeFile(at('notes'), 'my notes');
  await symlink('notes', at('to-notes'));
  await symlink('new', at('to-new'));
  await symlink('circle', at('circle'));
  expect(await write('to-notes')).toBe('FOLDER/to-notes exists already and is not a list; --force replaces it');
  expect(await write('circle', { force: true })).toBe('FOLDER/circle: its symbolic links lead to no file; name another file');
  expect([await write('to-new'), await readFile(at('new'), 'utf8')]).toEqual(['written', 'list: new']);
  expect((await lstat(at('to-new'))).isSymbolicLink()).toBe(true);
});

it.each([false, true])('a pipe, a device, a socket and a folder are never replaced, with --force %s', async (force) => {
  await execa('mkfifo', [at('pipe')]);
  await symlink('/dev/zero', at('device'));
  await mkdir(at('folder'));
  const server = createServer().listen(at('socket'));
  try {
    const names = ['pipe', 'device', 'folder', 'socket'];
    const said = [];
    for (const name of names) said.push(await write(name, { force }));
    expect(said).toEqual([
      'FOLDER/pipe: is a named pipe; expected a list',
      'FOLDER/device: is a device; expected a list',
      'FOLDER/folder: is a folder; expected a list',
      'FOLDER/socket: is a socket; expected a list',
    ]);
    expect((await lstat(at('pipe'))).isFIFO()).toBe(true);
  } finally {
    server.close();
  }
});

it('a file in a missing folder is refused with the folder', async () => {
  expect(await write('no/such/file')).toBe(
    'FOLDER/no/such/file cannot be written: FOLDER/no/such is not a folder; make it, or name another file',
  );
});

// Tests of the guest's archive reader, compiled with sanitizers: it unpacks archives of corematrix and tar(1), and refuses all others.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Header } from 'tar';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packFiles } from '../../../../harness/plan/packing/archive.ts';
import { type HostProgram, startHostProgram } from './host-program.ts';
import { UNPACK } from './programs.ts';

let folder = '';
let root = '';
let program: HostProgram;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'));
  root = join(folder, 'root');
  await mkdir(root);
  program = await startHostProgram({ folder, ...UNPACK });
});
afterAll(async () => {
  await program.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Unpacks into an empty root. */
async function unpack(archive: Uint8Array): Promise<string> {
  await program.ask(Buffer.alloc(1));
  return program.ask(archive);
}

const EINVAL = '-22';
const file = (path: string, text = 'text', executable = false) => ({ path, bytes: Buffer.from(text), executable });

interface EntryChanges {
  text?: string;
  change?: (block: Buffer) => void;
}

/** The bytes of an archive entry, also with a hostile header. */
function entry(path: string, { text = 'text', change }: EntryChanges = {}): Buffer {
  const block = Buffer.alloc(512);
  new Header({ path, mode: 0o644, size: text.length, type: 'File' }).encode(block, 0);
  change?.(block);
  return Buffer.concat([block, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512), Buffer.alloc(1024)]);
}

test('files that the host packs are unpacked unchanged in the guest', async () => {
  const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/f`;
  const files = [file('loader/run', 'x'.repeat(1000), true), file('lib64/a.so'), file('empty', ''), file(long, 'deep')];
  expect(await unpack(packFiles(files))).toBe('0');
  expect((await stat(join(root, 'loader/run'))).mode & 0o777).toBe(0o755);
  for (const { path, bytes } of files) expect(await readFile(join(root, path))).toEqual(bytes);
});

test('ustar archives of tar(1) are read', async () => {
  const source = join(folder, 'source');
  await mkdir(join(source, 'a/b'), { recursive: true });
  await writeFile(join(source, 'a/b/c'), 'see');
  const { stdout } = await execa('tar', ['--format=ustar', '-C', source, '-cf', '-', 'a'], { encoding: 'buffer' });
  expect([await unpack(stdout), await readFile(join(root, 'a/b/c'), 'utf8')]).toEqual(['0', 'see']);
});

test('an archive cannot write outside its folder, replace files, or create anything but plain files', async () => {
  const outside = join(folder, 'outside');
  const hostile = ['../escaped', 'a/../../escaped', './a', 'a//b', '..', 'a/..'].map((path) => entry(path));
  for (const archive of hostile) expect(await unpack(archive)).toBe(EINVAL);
  expect(await unpack(entry('x', { change: (block) => block.write('/etc/x\0', 0) }))).toBe(EINVAL);
  expect(await unpack(Buffer.concat([packFiles([file('a')]).subarray(0, 1024), packFiles([file('a')])]))).toBe('-17');
  await program.ask(Buffer.alloc(1));
  await symlink(outside, join(root, 'link'));
  expect(await program.ask(packFiles([file('link')]))).toBe('-17');
  for (const type of ['SymbolicLink', 'Link', 'CharacterDevice', 'FIFO'] as const) {
    const block = Buffer.alloc(512);
    new Header({ path: 'a', mode: 0o644, size: 0, type, linkpath: '/etc/passwd' }).encode(block, 0);
    expect(await unpack(Buffer.concat([block, Buffer.alloc(1024)]))).toBe(EINVAL);
  }
  expect((await readdir(folder)).filter((name) => name === 'escaped' || name === 'outside')).toEqual([]);
});

test('a number in an archive that fills its field without a terminator is read', async () => {
  const change = (block: Buffer) => {
    block.write('000000000004', 124);
    block.write('77777777777 ', 136);
    block.fill(' ', 148, 156);
    const sum = block.reduce((all, byte) => all + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  };
  expect(await unpack(entry('a', { change }))).toBe('0');
  expect(await readFile(join(root, 'a'), 'utf8')).toBe('text');
});

test('a truncated or changed archive is refused', async () => {
  const whole = packFiles([file('a', 'x'.repeat(600)), file('b')]);
  for (const length of [0, 100, 511, 512, 1100, 1536, 2047]) expect(await unpack(whole.subarray(0, length))).toBe(EINVAL);
  const sizes = ['77777777777', '99999999999', '-1', '           '];
  for (const size of sizes) {
    const change = (block: Buffer) => {
      block.write(size.padEnd(11), 124);
      block.fill(' ', 148, 156);
      const sum = block.reduce((all, byte) => all + byte, 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    };
    expect(await unpack(entry('a', { change }))).toBe(EINVAL);
  }
});

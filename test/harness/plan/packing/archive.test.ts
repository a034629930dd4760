// The guest's reader of archives, compiled for this machine with sanitizers: it takes what is packed here and what tar(1) packs, nothing else.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Header } from 'tar';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packFiles } from '../../../../harness/plan/packing/archive.ts';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archive-'));
  const sources = [join(import.meta.dirname, 'unpack.c'), join(PACKAGE_ROOT, 'harness/guest/agent/archive.c')];
  await execa('gcc', [
    '-g',
    '-O1',
    '-std=gnu11',
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover',
    ...sources,
    '-o',
    join(folder, 'unpack'),
  ]);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

let count = 0;
async function unpack(archive: Uint8Array): Promise<{ answer: string; into: string }> {
  const into = join(folder, `root-${count++}`);
  await mkdir(into);
  const { stdout } = await execa(join(folder, 'unpack'), [into], { input: archive });
  return { answer: stdout, into };
}

const EINVAL = '-22';
const file = (path: string, text = 'text', executable = false) => ({ path, bytes: Buffer.from(text), executable });

interface EntryChanges {
  text?: string;
  change?: (block: Buffer) => void;
}

/** An entry as it stands in an archive, whatever it claims. */
function entry(path: string, { text = 'text', change }: EntryChanges = {}): Buffer {
  const block = Buffer.alloc(512);
  new Header({ path, mode: 0o644, size: text.length, type: 'File' }).encode(block, 0);
  change?.(block);
  return Buffer.concat([block, Buffer.from(text), Buffer.alloc((512 - (text.length % 512)) % 512), Buffer.alloc(1024)]);
}

test('files come out as they were packed', async () => {
  const long = `${'d'.repeat(90)}/${'e'.repeat(90)}/f`;
  const files = [file('loader/run', 'x'.repeat(1000), true), file('lib64/a.so'), file('empty', ''), file(long, 'deep')];
  const { answer, into } = await unpack(packFiles(files));
  expect(answer).toBe('0');
  expect((await stat(join(into, 'loader/run'))).mode & 0o777).toBe(0o755);
  for (const { path, bytes } of files) expect(await readFile(join(into, path))).toEqual(bytes);
});

test("tar's own ustar archives are read, too", async () => {
  const source = join(folder, 'source');
  await mkdir(join(source, 'a/b'), { recursive: true });
  await writeFile(join(source, 'a/b/c'), 'see');
  const { stdout } = await execa('tar', ['--format=ustar', '-C', source, '-cf', '-', 'a'], { encoding: 'buffer' });
  const { answer, into } = await unpack(stdout);
  expect([answer, await readFile(join(into, 'a/b/c'), 'utf8')]).toEqual(['0', 'see']);
});

test('nothing is written elsewhere, over what is there, or for what is no plain file', async () => {
  const outside = join(folder, 'outside');
  const hostile = ['../escaped', 'a/../../escaped', './a', 'a//b', '..', 'a/..'].map((path) => entry(path));
  for (const archive of hostile) expect((await unpack(archive)).answer).toBe(EINVAL);
  expect((await unpack(entry('x', { change: (block) => block.write('/etc/x\0', 0) }))).answer).toBe(EINVAL);
  expect((await unpack(Buffer.concat([packFiles([file('a')]).subarray(0, 1024), packFiles([file('a')])]))).answer).toBe('-17');
  const linked = join(folder, 'linked');
  await mkdir(linked);
  await symlink(outside, join(linked, 'link'));
  const { stdout } = await execa(join(folder, 'unpack'), [linked], { input: packFiles([file('link')]) });
  expect(stdout).toBe('-17');
  for (const type of ['SymbolicLink', 'Link', 'CharacterDevice', 'FIFO'] as const) {
    const block = Buffer.alloc(512);
    new Header({ path: 'a', mode: 0o644, size: 0, type, linkpath: '/etc/passwd' }).encode(block, 0);
    expect((await unpack(Buffer.concat([block, Buffer.alloc(1024)]))).answer).toBe(EINVAL);
  }
  expect((await readdir(folder)).filter((name) => name === 'escaped' || name === 'outside')).toEqual([]);
});

test('what is cut off or changed is refused', async () => {
  const whole = packFiles([file('a', 'x'.repeat(600)), file('b')]);
  for (const length of [0, 100, 511, 512, 1100, 1536, 2047]) expect((await unpack(whole.subarray(0, length))).answer).toBe(EINVAL);
  const sizes = ['77777777777', '99999999999', '-1', '           '];
  for (const size of sizes) {
    const change = (block: Buffer) => {
      block.write(size.padEnd(11), 124);
      block.fill(' ', 148, 156);
      const sum = block.reduce((all, byte) => all + byte, 0);
      block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    };
    expect((await unpack(entry('a', { change }))).answer).toBe(EINVAL);
  }
});

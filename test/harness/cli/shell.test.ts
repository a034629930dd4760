// Tests of `corematrix shell` without a terminal, with real guests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { corematrix, MAIN } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shell-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

test('shell -c runs a command in the guest with the file, both outputs and the exit status', async () => {
  await writeFile(join(folder, 'note.txt'), 'hello\n');
  const command = 'cat note.txt; uname -r | cut -d. -f1,2; echo problem >&2; cat; exit 4';
  const { stdout, stderr, exitCode } = await corematrix(folder, ['shell', '-k', 'debian:6.12', '-c', command, 'note.txt']);
  expect([stdout, stderr, exitCode]).toEqual(['hello\n6.12', 'problem', 4]);
});

test('a script on standard input runs in the guest, and its exit status is passed on', async () => {
  const input = 'read_release() { cut -d. -f1,2 /proc/sys/kernel/osrelease; }\nread_release\nfalse || exit 5\n';
  const { stdout, exitCode } = await execa('node', [MAIN, 'shell', '-k', 'debian:5.10'], { cwd: folder, input, reject: false });
  expect([stdout, exitCode]).toEqual(['5.10', 5]);
});

test('output of a shell command that looks like a failed test does not change its exit status', async () => {
  const { exitCode } = await corematrix(folder, ['shell', '-k', 'debian:6.12', '-c', "echo 1..1; echo 'not ok 1 - a'"]);
  expect(exitCode).toBe(0);
});

test('a shell without a terminal, a command and a script is refused', async () => {
  const { stderr, exitCode } = await corematrix(folder, ['shell', '-k', 'debian:6.12']);
  expect([stderr, exitCode]).toEqual([
    'error: a shell needs a terminal, a command ("shell -c COMMAND"), or a script on standard input; standard input is empty',
    2,
  ]);
});

test('a shell command on several kernels is refused', async () => {
  const { stderr, exitCode } = await corematrix(folder, ['shell', '-k', 'debian:>=5.10,<=6.1', '-c', 'true']);
  expect([stderr, exitCode]).toEqual([expect.stringMatching(/^error: debian:>=5\.10,<=6\.1: 2 kernels, but a shell is in one$/), 2]);
});

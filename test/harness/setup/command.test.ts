// Commands of set-up run without a shell's surprises, and a missing program is a failure like any other.
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { lastLines, run, versionLine } from '../../../harness/setup/command.ts';

it('keeps what a command says on both streams, and how it ended', async () => {
  expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({ ok: false, stdout: 'out', said: 'out\nerr' });
  expect(await run(['true'])).toEqual({ ok: true, stdout: '', said: '' });
});

it('passes arguments as they are', async () => {
  const words = ['a b', '$(id)', '`id`', '*', "it's", '"quoted"', '', '-n', 'new\nline'];
  const { stdout } = await run(['printf', '[%s]', ...words]);
  expect(stdout).toBe(words.map((word) => `[${word}]`).join(''));
});

it('gives commands no input to wait for', async () => {
  expect(await run(['cat'])).toEqual({ ok: true, stdout: '', said: '' });
});

it('runs in the folder asked for', async () => {
  expect((await run(['pwd', '-P'], { cwd: '/' })).stdout).toBe('/');
  expect((await run(['pwd'], { cwd: tmpdir() })).ok).toBe(true);
});

it('takes a program that does not exist as one that failed', async () => {
  expect((await run(['corematrix-no-such-program'])).ok).toBe(false);
  expect(await versionLine('corematrix-no-such-program')).toBe(null);
});

it('reads the first line of a version', async () => {
  expect(await versionLine('gcc')).toMatch(/^gcc /);
});

it('shortens a long output to its end', () => {
  expect(lastLines('1\n2\n3\n4', 2)).toBe('3\n4');
  expect(lastLines('1', 2)).toBe('1');
});

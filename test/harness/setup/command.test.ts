// Tests of set-up commands: they run without a shell, and a missing program is an ordinary failure.
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { lastLines, run, versionLine } from '../../../harness/setup/command.ts';

it('a set-up command returns both output streams and its exit status', async () => {
  expect(await run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({ ok: false, stdout: 'out', said: 'out\nerr' });
  expect(await run(['true'])).toEqual({ ok: true, stdout: '', said: '' });
});

it('a set-up command gets its arguments unchanged', async () => {
  const words = ['a b', '$(id)', '`id`', '*', "it's", '"quoted"', '', '-n', 'new\nline'];
  const { stdout } = await run(['printf', '[%s]', ...words]);
  expect(stdout).toBe(words.map((word) => `[${word}]`).join(''));
});

it('a set-up command has an empty standard input', async () => {
  expect(await run(['cat'])).toEqual({ ok: true, stdout: '', said: '' });
});

it('a set-up command runs in the given folder', async () => {
  expect((await run(['pwd', '-P'], { cwd: '/' })).stdout).toBe('/');
  expect((await run(['pwd'], { cwd: tmpdir() })).ok).toBe(true);
});

it('a set-up command without its program counts as failed', async () => {
  expect((await run(['corematrix-no-such-program'])).ok).toBe(false);
  expect(await versionLine('corematrix-no-such-program')).toBe(null);
});

it('the version of a program is the first line of its output', async () => {
  expect(await versionLine('gcc')).toMatch(/^gcc /);
});

it('a long output of a set-up command is shortened to its end', () => {
  expect(lastLines('1\n2\n3\n4', 2)).toBe('3\n4');
  expect(lastLines('1', 2)).toBe('1');
});

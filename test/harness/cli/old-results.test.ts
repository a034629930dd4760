// Tests that every command with results as input reads schema version 1, and reports it in one note.
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { corematrix } from './command.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-old-results-'));
  await copyFile(join(PACKAGE_ROOT, 'test/fixtures/results-v1/results.json'), join(folder, 'old.json'));
  await writeFile(join(folder, 'new.json'), (await corematrix(folder, ['report', 'old.json', '--format', 'json'])).stdout);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

const NOTE = 'note: old.json has schema version 1; to write version 2 of it: corematrix report old.json --format json > NEW.json';
const notes = (stderr: string) => stderr.split('\n').filter((line) => line.includes('schema version'));

const COMMANDS: readonly (readonly string[])[] = [
  ['report', 'old.json', '--format', 'tap'],
  ['report', 'new.json', '--baseline', 'old.json', '--format', 'markdown'],
  ['merge', 'old.json', '--baseline', 'old.json', '--history', 'history.jsonl', '-o', 'merged'],
  ['explain', 'old.json', '5.10/task_state'],
  ['explain', 'old.json', '--json'],
];

describe('a results file of schema version 1', () => {
  it.each(COMMANDS.map((args) => ({ command: args.join(' '), args })))(
    'a results file of schema version 1 is read by $command',
    async ({ args }) => {
      const old = await corematrix(folder, args);
      expect(notes(old.stderr)).toEqual([NOTE]);
      const now = await corematrix(
        folder,
        args.map((word) => (word === 'old.json' ? 'new.json' : word)),
      );
      expect(notes(now.stderr)).toEqual([]);
      expect([old.exitCode, old.stdout]).toEqual([now.exitCode, now.stdout]);
    },
  );

  it('a results file of schema version 1 is read by rerun, which then searches for the object', async () => {
    const { exitCode, stderr } = await corematrix(folder, ['rerun', 'old.json', '6.12/task_state']);
    expect(notes(stderr)).toEqual([NOTE]);
    expect([exitCode, stderr.includes('build/task_state.bpf.o')]).toEqual([2, true]);
  });

  it('a results file of schema version 1 as a baseline of plan is reported once', async () => {
    await copyFile(join(PACKAGE_ROOT, 'programs/build/task_state.bpf.o'), join(folder, 'task_state.bpf.o'));
    const { stderr } = await corematrix(folder, [
      'plan',
      'task_state.bpf.o',
      '-k',
      'debian:6.12',
      '--baseline',
      'old.json',
      '--last-failed',
    ]);
    expect(notes(stderr)).toEqual([NOTE]);
  });
});

it('a results file of a newer schema version is refused with advice', async () => {
  await writeFile(join(folder, 'newer.json'), '{"schemaVersion":3}');
  expect((await corematrix(folder, ['report', 'newer.json'])).stderr).toBe(
    'error: newer.json: has schema version 3, written by a newer corematrix; this one reads versions up to 2: update corematrix',
  );
});

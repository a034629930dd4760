// Tests of the commit of a run: from a real repository, from the environment of a CI system, and without any.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commitOf } from '../../../harness/run/commit.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-commit-'));
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

it('the commit of a run comes from git, else from the CI system, else it is null', async () => {
  const git = async (...parameters: string[]) =>
    execa('git', ['-c', 'user.name=n', '-c', 'user.email=e@example.com', ...parameters], { cwd: folder });
  const hash = 'a'.repeat(40);
  expect(await commitOf(folder, {})).toBeNull();
  expect(await commitOf(folder, { GITHUB_SHA: hash })).toEqual({ hash, modified: null });
  expect(await commitOf(folder, { CI_COMMIT_SHA: '$(rm -rf /)' })).toBeNull();

  await git('init', '--quiet');
  expect(await commitOf(folder, {})).toBeNull();
  await writeFile(join(folder, 'a.txt'), 'one\n');
  await git('add', '.');
  await git('commit', '--quiet', '-m', 'one');
  const head = (await git('rev-parse', 'HEAD')).stdout;
  expect(await commitOf(folder, { GITHUB_SHA: hash })).toEqual({ hash: head, modified: false });
  await writeFile(join(folder, 'untracked.txt'), 'new\n');
  expect(await commitOf(folder, {})).toEqual({ hash: head, modified: false });
  await writeFile(join(folder, 'a.txt'), 'two\n');
  expect(await commitOf(folder, {})).toEqual({ hash: head, modified: true });
  expect(await commitOf('/no/such/folder', {})).toBeNull();
});

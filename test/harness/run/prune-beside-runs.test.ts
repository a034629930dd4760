// Tests that "corematrix kernels prune" beside runs removes nothing that they use, and removes what a killed process left.
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readResults } from '../../../reports/json.ts';
import { MAIN } from '../cli/command.ts';
import { linkedCache, sample } from './real-run.ts';

/** More days than a kernel in the cache of the machine is old: only unfinished entries are removed. */
const KEEP_DAYS = '10000';
const RUNS = ['one', 'two'];
const OBJECTS = ['task_state', 'new_helpers'];

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prune-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

it('prune in a loop removes nothing that two runs on a cache without snapshots use, and their verdicts stay the same', async () => {
  const cache = await linkedCache(join(folder, 'cache'));
  const env = { COREMATRIX_CACHE: cache, TMPDIR: folder, GITHUB_ACTIONS: '' };
  const corematrix = async (...args: string[]) => execa(process.execPath, [MAIN, ...args], { cwd: folder, env, reject: false });
  // A file without a lock is kept for a day.
  const abandoned = join(cache, 'snapshots/abandoned.tmp-0123456789abcdef');
  await mkdir(join(cache, 'snapshots'));
  await writeFile(abandoned, '');
  await utimes(abandoned, 1e9, 1e9);

  const ended = new AbortController();
  const prune = async () => {
    const removed: string[] = [];
    while (!ended.signal.aborted) {
      const { stdout, stderr } = await corematrix('kernels', 'prune', '--keep-days', KEEP_DAYS);
      removed.push(...stdout.split('\n').filter((line) => line !== ''));
      expect(stderr).toMatch(/^removed [01] entries, /);
    }
    return removed;
  };
  const run = async (name: string) => {
    const options = ['--no-cache', '-k', 'debian:5.10', '-k', 'debian:6.12', '--format', 'json', '-o', name];
    await corematrix('run', ...OBJECTS.map(sample), ...options);
    const { cells } = readResults(await readFile(join(folder, name, 'results.json'), 'utf8'), 'results.json');
    return cells.map(({ kernel, object, status, attempts }) => ({ kernel, object, status, attempts: attempts.length }));
  };
  const pruning = prune();
  const runs = await Promise.all(RUNS.map(run)).finally(() => ended.abort());
  // The run that removes unfinished entries at its start may be first.
  expect((await pruning).filter((line) => !line.endsWith(abandoned))).toEqual([]);
  expect(await readdir(join(cache, 'snapshots'))).toHaveLength(2);
  const undisturbed = await run('undisturbed');
  expect(undisturbed.map(({ status, attempts }) => [/^(?:pass|fail)$/.test(status), attempts])).toEqual(undisturbed.map(() => [true, 1]));
  expect(runs).toEqual([undisturbed, undisturbed]);
});

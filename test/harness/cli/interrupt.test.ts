// Tests of Ctrl-C, termination and a killed parent: the run writes a partial report if possible, and no guest stays behind.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { readResults } from '../../../reports/json.ts';
import { sample } from '../run/real-run.ts';

const MAIN = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'interrupt-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** Starts a run that takes long enough to be interrupted. Its temporary files have a separate folder. */
function startRun() {
  const objects = ['exec_watch', 'verifier_limits', 'new_helpers', 'task_state', 'rss_stat'].map(sample);
  const args = [
    MAIN,
    'run',
    '--no-cache',
    ...objects,
    '-k',
    'debian:6.12',
    '-k',
    'debian:5.10',
    '--isolation',
    'boot',
    '-v',
    '--jobs',
    '2',
  ];
  return execa('node', args, { cwd: folder, env: { TMPDIR: folder }, reject: false, stdin: 'ignore', all: true });
}

async function until(run: { all: Readable }, pattern: RegExp): Promise<void> {
  let seen = '';
  await new Promise<void>((found, ended) => {
    run.all.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (pattern.test(seen)) found();
    });
    run.all.once('end', () => ended(new Error(`the run ended without ${pattern}:\n${seen}`)));
  });
}

/** Guests whose files are in this test's folder. */
async function guests(): Promise<string[]> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes('qemu-system') && line.includes(folder));
}

/** Waits until guests run or not, as expected. The time limit of the test ends the wait. */
async function someGuests(expected: boolean): Promise<boolean> {
  while ((await guests()).length > 0 !== expected) await sleep(50);
  return expected;
}

const leftFolders = async () => (await readdir(folder)).filter((name) => name.startsWith('corematrix-') && name !== 'corematrix-report');

describe('an interrupted run', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'an interrupted run ends its guests after %s, writes the finished cells and exits with 130',
    async (signal) => {
      const run = startRun();
      await until(run, /^(pass|fail) /m);
      run.kill(signal);
      const { exitCode, all } = await run;
      expect(exitCode).toBe(130);
      expect(all).toContain('interrupted: ending guests');
      expect(await guests()).toEqual([]);
      expect(await leftFolders()).toEqual([]);
      const results = readResults(await readFile(join(folder, 'corematrix-report/results.json'), 'utf8'), 'results.json');
      const finished = results.cells.filter(({ status }) => status === 'pass' || status === 'fail').length;
      expect(results.run.complete).toBe(false);
      expect(finished).toBeGreaterThan(0);
      expect(new Set(results.cells.map(({ status }) => status))).toContain('not-run');
      expect(await readFile(join(folder, 'corematrix-report/index.html'), 'utf8')).toContain('not-run');
    },
  );

  it('an interrupted run exits at once after the second Ctrl-C', async () => {
    const run = startRun();
    await until(run, /booted in/);
    run.kill('SIGINT');
    await sleep(600);
    run.kill('SIGINT');
    expect((await run).exitCode).toBe(130);
    expect(await someGuests(false)).toBe(false);
  });

  it('an interrupted run does not wait for remaining work after the second Ctrl-C', async () => {
    const { href } = pathToFileURL(join(PACKAGE_ROOT, 'dist/harness/cli/interrupt.js'));
    const script = `
      import { interruptible } from ${JSON.stringify(href)};
      const work = () => new Promise(() => setInterval(() => console.log('works'), 100));
      await interruptible({ onInterrupt: () => console.log('first'), work, save: async () => {} });`;
    const run = execa('node', ['--input-type=module', '-e', script], { reject: false, stdin: 'ignore', all: true });
    await until(run, /works/);
    run.kill('SIGINT');
    // Work that continues must be visible long after the first Ctrl-C.
    await until(run, /first\n(?:works\n){8}/);
    expect(run.exitCode).toBe(null);
    run.kill('SIGINT');
    expect((await run).exitCode).toBe(130);
  });

  it('a run that is killed leaves no guests behind', async () => {
    const run = startRun();
    await until(run, /booted in/);
    expect(await someGuests(true)).toBe(true);
    run.kill('SIGKILL');
    await run;
    expect(await someGuests(false)).toBe(false);
  });
});

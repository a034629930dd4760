// Tests of the number of guests at a time: by processors, and by the memory of the machine or of a container (here a control group).
import { access, mkdir, mkdtemp, readFile, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { availableMiB, jobsFor } from '../../../harness/run/host.ts';
import { readResults } from '../../../reports/json.ts';
import { MAIN } from '../cli/command.ts';
import { sample } from './real-run.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';

const HOST = join(PACKAGE_ROOT, 'dist/harness/run/host.js');

/** Runs a command in a control group with so much memory. Null if control groups cannot be made here. */
async function inGroup(memoryMiB: number, command: readonly string[]) {
  const [folder = '', limit = ''] = await access('/sys/fs/cgroup/memory/cgroup.procs').then(
    () => ['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'],
    () => ['/sys/fs/cgroup', 'memory.max'],
  );
  const group = join(folder, `corematrix-test-${process.pid}`);
  const made = await mkdir(group)
    .then(async () => writeFile(join(group, limit), String(memoryMiB * 2 ** 20)))
    .then(
      () => true,
      () => false,
    );
  try {
    if (!made) return null;
    return await execa('sh', ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', group, ...command], { reject: false });
  } finally {
    await rmdir(group).catch(() => undefined);
  }
}

describe('guests at a time', () => {
  it('the number of guests at a time is the number of processors, less if memory is short, and at least one', () => {
    expect([jobsFor(2, 24_000), jobsFor(16, 24_000), jobsFor(16, 2_000), jobsFor(4, 800), jobsFor(4, 600), jobsFor(4, 0)]).toEqual([
      2, 16, 7, 1, 1, 1,
    ]);
  });

  it('the number of guests at a time is limited by the memory of a container', async (context) => {
    const script = `import { availableMiB, jobsFor } from '${HOST}'; const free = await availableMiB(); console.log(free, jobsFor(64, free));`;
    const result = await inGroup(1200, [process.execPath, '--input-type=module', '--eval', script]);
    if (!result) return context.skip('control groups cannot be made here');
    const [free = 0, jobs = 0] = result.stdout.split(' ').map(Number);
    expect(free).toBeGreaterThan(1000);
    expect(free).toBeLessThan(1200);
    expect(jobs).toBeLessThanOrEqual(3);
    expect(await availableMiB()).not.toBe(free);
  });

  it('a run with --jobs 64 in a container with little memory has fewer guests at a time and every verdict', async (context) => {
    const names = ['task_state', 'rss_stat', 'exec_watch', 'constants', 'subreaper_bit', 'tty_type', 'new_helpers', 'missing_types'];
    const folder = await mkdtemp(join(tmpdir(), 'jobs-'));
    try {
      const options = ['-k', 'debian:5.10', '--no-cache', '--jobs', '64', '--format', 'json', '-o', join(folder, 'report')];
      const result = await inGroup(1500, [process.execPath, MAIN, 'run', ...names.map(sample), ...options]);
      if (!result) return context.skip('control groups cannot be made here');
      expect(result.stderr).toMatch(/^--jobs 64: [1-5] guests? at a time, because only \d+ MiB of memory are free$/m);
      const { cells } = readResults(await readFile(join(folder, 'report/results.json'), 'utf8'), 'results.json');
      expect(cells.map(({ status, attempts }) => [/^(?:pass|fail)$/.test(status), attempts.length])).toEqual(names.map(() => [true, 1]));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('the number of guests at a time is found at once if /proc is empty', async (context) => {
    const empty = 'mount -t tmpfs none /proc && exec "$@"';
    const { failed } = await execa('unshare', ['--mount', 'sh', '-c', empty, 'sh', 'true'], { reject: false });
    if (failed) context.skip('mounts cannot be private here, as in a chroot');
    const script = `import { availableMiB } from '${HOST}'; console.log((await availableMiB()) > 0);`;
    const command = [process.execPath, '--input-type=module', '--eval', script];
    const { stdout } = await execa('unshare', ['--mount', 'sh', '-c', empty, 'sh', ...command], { timeout: 60_000, killSignal: 'SIGKILL' });
    expect(stdout).toBe('true');
  });
});

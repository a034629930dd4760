// Tests of signals that take minutes: a large object in every state of a run, and runs that are stopped for longer than their time limits.
import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { readResults } from '../../../reports/json.ts';
import { generatedObject } from '../../bench/generated-object.ts';
import { linkedCache, sample } from '../run/real-run.ts';
import { hasTerminals, MAIN } from './command.ts';
import { endBy, folder, guestRuns, processes, start, until, untilSaid } from './signalled.ts';

it('run ends soon after SIGTERM while a large object is predicted, judged, explained or reported, and a later run continues', async () => {
  await writeFile(join(folder, 'large.bpf.o'), generatedObject({ programs: 1, relocations: 40_000 }));
  const env = { COREMATRIX_CACHE: await linkedCache(join(folder, 'cache')) };
  const begin = (...options: string[]) => start(['run', '-v', '--no-cache', 'large.bpf.o', '-k', 'debian:5.10', ...options], env);
  // No listener can answer while the process is busy, so the signal itself ends it, unless it arrives just before.
  const atOnce = { ended: expect.toBeOneOf(['SIGTERM', 130]), soon: true, left: [] };

  const predicting = begin('--predict-first');
  await untilSaid(predicting, /booted in/);
  await sleep(300);
  expect(await endBy(predicting, 'SIGTERM')).toEqual(atOnce);

  const judging = begin();
  await untilSaid(judging, /booted in|snapshot from the cache/);
  await until(guestRuns);
  await until(async () => !(await guestRuns()));
  expect(await endBy(judging, 'SIGTERM')).toEqual(atOnce);

  const explaining = begin();
  await untilSaid(explaining, /pass large/);
  await sleep(300);
  expect(await endBy(explaining, 'SIGTERM')).toEqual(atOnce);

  const reporting = begin('--resume');
  await untilSaid(reporting, /1 pass \(1 kernel/);
  expect(await endBy(reporting, 'SIGTERM')).toEqual(atOnce);

  const { exitCode } = await begin('--resume');
  const results = readResults(await readFile(join(folder, 'corematrix-report/results.json'), 'utf8'), 'results.json');
  expect([exitCode, results.cells.map(({ status, relocations }) => [status, relocations.length])]).toEqual([0, [['pass', 40_000]]]);
});

describe('a run that is stopped and continued', () => {
  /** Stops a run and its guests once they load, for longer than all limits, and returns its results. */
  const stopped = async (options: readonly string[]) => {
    const run = start(['run', '--no-cache', sample('verifier_limits'), '-k', 'debian:5.10', ...options], {}, true);
    await until(guestRuns);
    const group = -(run.pid ?? 0);
    process.kill(group, 'SIGSTOP');
    await sleep(25_000);
    process.kill(group, 'SIGCONT');
    const { all } = await run;
    const text = await readFile(join(folder, 'corematrix-report/results.json'), 'utf8').catch(() => all);
    const [cell] = readResults(text, 'results.json').cells;
    return { status: cell?.status, attempts: cell?.attempts.map(({ reason }) => reason) };
  };

  it('a load that was stopped for longer than its time limit is tried again, and gives no verdict', async () => {
    const { status, attempts } = await stopped(['--timeout', '20']);
    expect(status).toMatch(/^(?:pass|fail)$/);
    expect(attempts).toEqual([expect.stringMatching(/^the machine was suspended, or this program stopped, for \d+ s$/), null]);
  });

  it('a boot that was stopped for longer than its time limit succeeds', async () => {
    const { status } = await stopped(['--isolation', 'boot', '--boot-timeout', '20']);
    expect(status).toMatch(/^(?:pass|fail)$/);
  });
});

it.skipIf(!hasTerminals)('a run that Ctrl-Z stops on a terminal for longer than its time limits gives its verdict after fg', async () => {
  const terminal = execa('script', ['-qec', 'bash --norc -i', '/dev/null'], {
    cwd: folder,
    env: { TMPDIR: folder, GITHUB_ACTIONS: '' },
    reject: false,
    stdin: 'pipe',
    all: true,
  });
  const run = [process.execPath, MAIN, 'run', '--no-cache', sample('verifier_limits'), '-k', 'debian:5.10', '--timeout', '20'];
  terminal.stdin.write(`${run.join(' ')}\n`);
  await until(guestRuns);
  terminal.stdin.write('\u001a');
  const stopped = async () =>
    (await execa('ps', ['-eo', 'stat,args'])).stdout.split('\n').filter((line) => line.includes(folder) || line.includes(MAIN));
  await until(async () => (await stopped()).some((line) => line.startsWith('T') && line.includes('qemu-system')));
  await sleep(25_000);
  terminal.stdin.write('fg\n');
  const report = join(folder, 'corematrix-report/results.json');
  await until(
    async () =>
      access(report).then(
        () => true,
        () => false,
      ),
    300_000,
  );
  terminal.stdin.write('exit $?\n');
  await terminal;
  const [cell] = readResults(await readFile(report, 'utf8'), 'results.json').cells;
  expect(cell?.status).toMatch(/^(?:pass|fail)$/);
  expect(cell?.attempts.at(-1)?.reason).toBeNull();
  expect(await processes()).toEqual([]);
});

// Tests of signals in all states of a command: it ends soon, leaves no process, and a stopped run continues without a false verdict.
import { createServer, type Server } from 'node:http';
import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { unlessInterrupted } from '../../../harness/base/interrupted.ts';
import { readResults } from '../../../reports/json.ts';
import { generatedObject } from '../../bench/generated-object.ts';
import { linkedCache, sample } from '../run/real-run.ts';
import { hasTerminals, MAIN } from './command.ts';
import { listening } from '../../listening.ts';

/** Two seconds are the promise. A machine that runs other tests as well needs longer. */
const SOON_MS = 6000;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'signals-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

function start(args: readonly string[], env: Record<string, string> = {}, detached = false) {
  const options = { cwd: folder, env: { GITHUB_ACTIONS: '', TMPDIR: folder, ...env }, reject: false, stdin: 'ignore', all: true } as const;
  return execa(process.execPath, [MAIN, ...args], { ...options, detached });
}

/** Command lines of processes that name the folder of this test. */
async function processes(): Promise<string[]> {
  const { stdout } = await execa('ps', ['-eo', 'args']);
  return stdout.split('\n').filter((line) => line.includes(folder) && !line.startsWith('ps '));
}

async function until(found: () => Promise<boolean>, limitMs = 60_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await found())) {
    if (performance.now() > deadline) throw new Error(`the event that the test waits for did not happen within ${limitMs / 1000} s`);
    await sleep(20);
  }
}

/** Waits until a run has printed a text. The time limit of the test ends the wait. */
async function untilSaid(run: ReturnType<typeof start>, text: RegExp): Promise<void> {
  let seen = '';
  await new Promise<void>((found, ended) => {
    run.all.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (text.test(seen)) found();
    });
    run.all.once('end', () => ended(new Error(`the run ended without ${text}:\n${seen}`)));
  });
}

const guestRuns = async () => (await processes()).some((line) => line.startsWith('qemu-system'));

/** Sends a signal and waits for the end: how the process ended, and whether it was soon. */
async function endBy(run: ReturnType<typeof start>, signal: NodeJS.Signals) {
  const sent = performance.now();
  run.kill(signal);
  const { exitCode, signal: killedBy } = await run;
  return { ended: exitCode ?? killedBy, soon: performance.now() - sent < SOON_MS, left: await processes() };
}

describe('a mirror that accepts connections and never answers', () => {
  let server: Server;
  let asked = 0;
  let address = '';
  beforeEach(async () => {
    asked = 0;
    server = createServer(() => {
      asked += 1;
    });
    address = `http://127.0.0.1:${await listening(server)}/debian`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    ['run', ['run', sample('task_state'), '-k', 'debian:6.1', '--refresh']],
    ['plan', ['plan', sample('task_state'), '-k', 'debian:6.1', '--refresh']],
    ['kernels list', ['kernels', 'list', '--refresh']],
  ])('%s ends soon after SIGTERM while it waits for a mirror that never answers', async (_, args) => {
    const cache = await linkedCache(join(folder, 'cache'));
    const run = start(args, { COREMATRIX_CACHE: cache, COREMATRIX_DEBIAN_MIRROR: address });
    await until(async () => asked > 0);
    expect(await endBy(run, 'SIGTERM')).toEqual({ ended: 130, soon: true, left: [] });
  });

  it('run ends soon after SIGTERM while it waits for a mirror that never answers before it builds an agent', async () => {
    const run = start(['run', sample('task_state'), '-k', 'debian:6.1'], {
      COREMATRIX_CACHE: join(folder, 'cold'),
      COREMATRIX_DEBIAN_MIRROR: address,
    });
    await until(async () => asked > 0);
    expect(await endBy(run, 'SIGTERM')).toEqual({ ended: 130, soon: true, left: [] });
  });
});

it('predict ends at once after SIGTERM, also in the middle of an object with 200,000 relocations', async () => {
  await writeFile(join(folder, 'large.bpf.o'), generatedObject({ programs: 1, relocations: 200_000 }));
  const run = start(['predict', 'large.bpf.o', '-k', 'debian:5.10']);
  await sleep(2500);
  expect(await endBy(run, 'SIGTERM')).toEqual({ ended: 'SIGTERM', soon: true, left: [] });
});

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

describe('work after an interrupt', () => {
  it('work that ignores its signal is abandoned a moment after the interrupt', async () => {
    const controller = new AbortController();
    const work = unlessInterrupted(controller.signal, execa('sleep', ['5'], { reject: false }));
    controller.abort(new Error('interrupted'));
    const started = performance.now();
    await expect(work).rejects.toThrow('interrupted');
    expect(performance.now() - started).toBeLessThan(4000);
  });

  it('work that ends in time keeps its own result after the interrupt', async () => {
    const controller = new AbortController();
    const work = unlessInterrupted(controller.signal, sleep(100, 'cleared'));
    controller.abort();
    expect(await work).toBe('cleared');
  });

  it('a set-up command and its child processes end with the process that runs them', async () => {
    const { href } = pathToFileURL(join(PACKAGE_ROOT, 'dist/harness/setup/command.js'));
    const script = `
      import { run } from ${JSON.stringify(href)};
      void run(['sh', '-c', 'sleep 300.5 & echo $! > inner; sleep 300.5']);
      setInterval(() => import('node:fs').then(({ existsSync, readFileSync }) =>
        existsSync('inner') && readFileSync('inner', 'utf8').trim() !== '' && process.exit(0)), 20);`;
    await execa(process.execPath, ['--input-type=module', '-e', script], { cwd: folder });
    const inner = Number(await readFile(join(folder, 'inner'), 'utf8'));
    const state = async () => (await readFile(`/proc/${inner}/stat`, 'utf8').catch(() => 'gone')).split(' ')[2];
    await expect.poll(state).toSatisfy((found) => found === undefined || found === 'Z');
  });
});

describe('a guest', () => {
  it('rerun ends its guest soon after SIGTERM and keeps a report', async () => {
    const ran = start(['run', '--no-cache', sample('verifier_limits'), '-k', 'debian:5.10']);
    await ran;
    const again = start(['rerun', 'corematrix-report', '5.10/verifier_limits']);
    await until(guestRuns);
    expect(await endBy(again, 'SIGTERM')).toEqual({ ended: 130, soon: true, left: [] });
    const [, report] = /report: (\S+)index\.html/.exec((await again).all) ?? [];
    const results = readResults(await readFile(join(report ?? '', 'results.json'), 'utf8'), 'results.json');
    expect([results.run.complete, results.cells.map(({ status }) => status)]).toEqual([false, ['not-run']]);
  });

  it.skipIf(!hasTerminals)('a shell on a terminal ends its guest soon after SIGTERM', async () => {
    const command = `echo $$ > pid; exec ${process.execPath} ${MAIN} shell -k debian:5.10`;
    const terminal = execa('script', ['-qec', command, '/dev/null'], {
      cwd: folder,
      env: { TMPDIR: folder },
      reject: false,
      stdin: 'pipe',
      shell: false,
    });
    await until(guestRuns);
    const sent = performance.now();
    process.kill(Number(await readFile(join(folder, 'pid'), 'utf8')), 'SIGTERM');
    await terminal;
    expect([performance.now() - sent < SOON_MS, await processes()]).toEqual([true, []]);
  });
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

it('a clock that jumps by days all the time changes no verdict and no duration', async () => {
  // Each reading of the wall clock jumps by a day. Time limits and durations must use the monotonic clock.
  const source = `
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <sys/time.h>
    #include <time.h>
    static long jump(void) { static unsigned count; return count++ % 2 ? 86400 : -86400; }
    int clock_gettime(clockid_t id, struct timespec *at) {
      static int (*real)(clockid_t, struct timespec *);
      if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
      int code = real(id, at);
      if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) at->tv_sec += jump();
      return code;
    }
    int gettimeofday(struct timeval *at, void *zone) {
      (void)zone;
      struct timespec now;
      int code = clock_gettime(CLOCK_REALTIME, &now);
      at->tv_sec = now.tv_sec;
      at->tv_usec = now.tv_nsec / 1000;
      return code;
    }`;
  await mkdir(join(folder, 'clock'));
  await writeFile(join(folder, 'clock/jump.c'), source);
  await execa('gcc', ['-shared', '-fPIC', '-o', 'jump.so', 'jump.c', '-ldl'], { cwd: join(folder, 'clock') });
  const preload = { LD_PRELOAD: join(folder, 'clock/jump.so') };
  const { stdout: shown } = await execa(process.execPath, ['-p', 'Math.abs(Date.now() - Date.now()) > 1e8'], { env: preload });
  expect(shown).toBe('true');
  const { exitCode, all } = await start(['run', '--no-cache', sample('task_state'), '-k', 'debian:5.10', '--isolation', 'boot'], preload);
  expect([exitCode, all]).toEqual([1, expect.stringContaining('2 pass, 1 fail')]);
  const text = await readFile(join(folder, 'corematrix-report/results.json'), 'utf8');
  const [cell] = readResults(text, 'results.json').cells;
  expect([cell?.attempts.length, (cell?.durationMs ?? -1) > 0, (cell?.durationMs ?? 1e9) < 600_000]).toEqual([1, true, true]);
});

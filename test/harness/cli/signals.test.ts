// Tests of signals and jumps of the clock: a command ends soon and leaves no process. signals.slow.test.ts has those that wait long.
import { createServer, type Server } from 'node:http';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
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
import { endBy, folder, guestRuns, processes, SOON_MS, start, until } from './signalled.ts';
import { listening } from '../../listening.ts';

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

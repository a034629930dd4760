// Runs in containers that share the temporary folder and the cache. As containers do, they have process and mount namespaces of their own.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { steady } from '../cli/command.ts';
import { linkedCache, sample } from './real-run.ts';

const MAIN = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
const CONTAINER = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'] as const;
const WORK = /^corematrix-[0-9a-f]{16}$/;
/** Exit code of a run with a failing cell. The sample fails on 5.10. */
const FAILS = 1;

let folder = '';
let cache = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shared-'));
  cache = await linkedCache(join(folder, 'cache'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

async function needContainers(context: TestContext): Promise<void> {
  const [program, ...args] = CONTAINER;
  const { failed } = await execa(program, [...args, 'true'], { reject: false });
  if (failed) context.skip('process and mount namespaces are not allowed here');
}

/** Starts a run of one cell, in a container or outside, in the shared folders. */
function start(place: readonly string[], out: string) {
  const options = ['--no-cache', '-k', 'debian:5.10', '-o', join(folder, out)];
  const [file = '', ...args] = [...place, process.execPath, MAIN, 'run', sample('task_state'), ...options];
  const env = { COREMATRIX_CACHE: cache, TMPDIR: folder };
  const run = execa(file, args, { cwd: folder, env, reject: false, stdin: 'ignore', detached: true });
  const ended = async () => {
    const { exitCode, stdout } = await run;
    return { exitCode, stdout: steady(stdout) };
  };
  return { run, ended };
}

const workFolders = async () => (await readdir(folder)).filter((name) => WORK.test(name));
const unfinishedSnapshots = async () => (await readdir(join(cache, 'snapshots')).catch(() => [])).filter((name) => name.includes('.tmp-'));

const isMemory = (name: string) => name.includes('.tmp-') && name.endsWith('/ram');

/** Waits until a run boots the guest of its snapshot, a moment at which it has a work folder and an unfinished snapshot. */
async function untilItBoots(): Promise<{ work: string[]; snapshots: string[] }> {
  const building = async () => (await readdir(join(cache, 'snapshots'), { recursive: true }).catch(() => [])).filter(isMemory);
  await expect.poll(async () => (await building()).length).toBe(1);
  return { work: await workFolders(), snapshots: await unfinishedSnapshots() };
}

describe('a run that shares its folders with a container', () => {
  const places: readonly (readonly [name: string, first: readonly string[], second: readonly string[]])[] = [
    ['outside a container', [], CONTAINER],
    ['in a container', CONTAINER, []],
    ['in another container', CONTAINER, CONTAINER],
  ];
  for (const [name, place, other] of places) {
    it(`a live run ${name} keeps its work folder and its unfinished snapshot, also while it is stopped`, async (context) => {
      await needContainers(context);
      const first = start(place, 'first');
      const held = await untilItBoots();
      process.kill(-(first.run.pid ?? 0), 'SIGSTOP');
      const second = await start(other, 'second').ended();
      expect({ work: await workFolders(), snapshots: await unfinishedSnapshots() }).toEqual(held);
      process.kill(-(first.run.pid ?? 0), 'SIGCONT');
      expect(await first.ended()).toEqual(second);
      expect(second.exitCode).toBe(FAILS);
      expect([await workFolders(), await unfinishedSnapshots()]).toEqual([[], []]);
    });

    it(`the leftovers of a run that was killed ${name} are removed by the next run`, async (context) => {
      await needContainers(context);
      const first = start(place, 'first');
      const left = await untilItBoots();
      first.run.kill('SIGKILL');
      await first.run;
      expect({ work: await workFolders(), snapshots: await unfinishedSnapshots() }).toEqual(left);
      expect((await start(other, 'second').ended()).exitCode).toBe(FAILS);
      expect([await workFolders(), await unfinishedSnapshots()]).toEqual([[], []]);
    });
  }
});

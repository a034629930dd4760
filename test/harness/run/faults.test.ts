// Faults from outside: QEMU killed or stopped at any moment, kernels that do not boot, snapshots that are damaged, disks that are full.
import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CellResult, Results } from '../../../harness/results/schema.ts';
import { cacheRoot } from '../../../kernels/cache.ts';
import { planKernels, pullKernel } from '../../../kernels/catalogue.ts';
import { linkedCache, realRun, sample } from './real-run.ts';

const OBJECTS = ['task_state', 'exec_watch', 'verifier_limits'].map(sample);
const KERNEL = 'debian:5.10';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faults-'));
  vi.stubEnv('TMPDIR', folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

/** QEMU processes that are children of this one, with their arguments. */
async function guests(): Promise<{ pid: number; args: string }[]> {
  const children = (await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')).trim();
  const pids = children === '' ? [] : children.split(' ').map(Number);
  const found = pids.map(async (pid) => ({
    pid,
    args: (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
  }));
  return (await Promise.all(found)).filter(({ args }) => args.startsWith('qemu-system') && args.includes('-machine'));
}

/** Works while every guest that `hit` chooses gets a signal, once each, some milliseconds after it was first seen. */
async function disturbed<T>(signal: NodeJS.Signals, hit: (args: string, nth: number) => number | null, work: () => Promise<T>): Promise<T> {
  const seen = new Set<number>();
  const send = (pid: number) => {
    try {
      process.kill(pid, signal);
    } catch {
      // It was done before.
    }
  };
  const timer = setInterval(() => {
    void guests().then((found) => {
      for (const { pid, args } of found) {
        if (seen.has(pid)) continue;
        const delayMs = hit(args, seen.size);
        seen.add(pid);
        if (delayMs !== null) setTimeout(send, delayMs, pid);
      }
    });
  }, 5);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

function verdicts({ cells }: Results): string[] {
  return cells.flatMap(({ object, programs }) =>
    programs.map(({ name, status, class: failure }) => `${object} ${name}: ${failure ?? status}`),
  );
}

const guestsOf = ({ attempts }: CellResult) => attempts.map(({ isolation, infra }) => `${isolation}: ${infra ?? 'verdict'}`).join(', ');

describe('QEMU', () => {
  let expected: string[] = [];
  beforeAll(async () => {
    expected = verdicts(await realRun(OBJECTS, [KERNEL]));
  });

  it('killed in every first restore, at any moment of it, leaves every verdict as it is, marked flaky', async () => {
    const results = await disturbed(
      'SIGKILL',
      (args, nth) => (args.includes('-incoming') && nth % 2 === 0 ? nth * 9 : null),
      async () => realRun(OBJECTS, [KERNEL], { jobs: 1 }),
    );
    expect(verdicts(results)).toEqual(expected);
    const hit = results.cells.filter(({ attempts }) => attempts.length > 1);
    expect(hit.length).toBeGreaterThan(0);
    expect(new Set(hit.map((cell) => `${guestsOf(cell)}, flaky: ${cell.flaky}`))).toEqual(
      new Set(['snapshot: infra-crash, snapshot: verdict, flaky: true']),
    );
  });

  it('killed in every restore gives way to a boot', async () => {
    const results = await disturbed(
      'SIGKILL',
      (args) => (args.includes('-incoming') ? 0 : null),
      async () => realRun(OBJECTS.slice(0, 1), [KERNEL], { cache: join(folder, 'own-cache') }),
    );
    expect(results.cells.map(guestsOf)).toEqual(['snapshot: infra-crash, snapshot: infra-crash, boot: verdict']);
    expect(verdicts(results)).toEqual(expected.filter((line) => line.startsWith('task_state')));
  });

  it('stopped dead in a restore is noticed', async () => {
    const results = await disturbed(
      'SIGSTOP',
      (args, nth) => (args.includes('-incoming') && nth === 0 ? 60 : null),
      async () => realRun(OBJECTS.slice(0, 1), [KERNEL], { timeoutMs: 6_000 }),
    );
    expect(results.cells.map(({ flaky, status }) => `${status}, flaky: ${flaky}`)).toEqual(['fail, flaky: true']);
  });

  it('killed while it boots or is saved is started again', async () => {
    for (const delay of [100, 1200]) {
      const cache = join(folder, `cache-${delay}`);
      const results = await disturbed(
        'SIGKILL',
        (args, nth) => (args.includes('-kernel') && nth === 0 ? delay : null),
        async () => realRun(OBJECTS.slice(0, 1), [KERNEL], { cache }),
      );
      expect(verdicts(results)).toEqual(expected.filter((line) => line.startsWith('task_state')));
    }
  });

  it('killed in everything leaves cells without a verdict, each with the reason, and the run goes on', async () => {
    const results = await disturbed(
      'SIGKILL',
      () => 0,
      async () => realRun(OBJECTS, [KERNEL], { cache: join(folder, 'cache-none') }),
    );
    expect(results.cells.map(({ status, class: failure, reason }) => `${status} ${failure} ${reason}`)).toEqual(
      Array.from({ length: 3 }, () => 'infra infra-boot the guest did not come up: QEMU ended by SIGKILL'),
    );
  });
});

describe('a kernel that does not boot', () => {
  const own = (name: string) => join(folder, name);
  const [object = ''] = OBJECTS;
  const boot = async (path: string) => {
    const results = await realRun([object], [`file:${path}`], { cache: join(folder, 'cache-own') });
    return results.cells.map(({ status, class: failure, reason }) => `${status} ${failure} ${reason}`.replaceAll(folder, 'FOLDER'));
  };

  it('is diagnosed in one line, and the other kernels go on', async () => {
    const [planned] = await planKernels([KERNEL], { cache: cacheRoot() });
    if (!planned) throw new Error(`no ${KERNEL}`);
    const { vmlinux } = await pullKernel(planned, { cache: cacheRoot() });
    const image = await readFile(vmlinux ?? '');
    // Still taken for a kernel, but all of its code is one instruction: a jump to itself, or one that does not exist.
    for (const [name, instruction] of [
      ['loops', [0xeb, 0xfe]],
      ['faults', [0x0f, 0x0b]],
    ] as const) {
      image.fill(Buffer.from(instruction), 2 << 20, 12 << 20);
      await writeFile(own(name), image);
    }
    const kernelOptions = { cache: await linkedCache(own('kernel-cache')) };
    const results = await realRun([object], [`file:${own('loops')}`, `file:${own('faults')}`, KERNEL], {
      kernelOptions,
      bootTimeoutMs: 6_000,
    });
    expect(results.cells.map(({ status, class: failure, reason }) => `${status} ${failure} ${reason}`)).toMatchInlineSnapshot(`
      [
        "fail core-field-missing task_struct.__state: no such field (byte_off, task_state.bpf.c:33)",
        "infra infra-boot the guest did not come up: no answer from the guest in 6 s (--boot-timeout gives it longer); nothing on the console: no kernel for this machine, or one without a serial console (CONFIG_SERIAL_8250_CONSOLE) or PVH entry (CONFIG_PVH)",
        "infra infra-boot the guest did not come up: QEMU ended; the kernel reset the machine or switched it off before it wrote anything",
      ]
    `);
  });

  it('is refused before any guest when it is no kernel', async () => {
    await writeFile(own('garbage'), Buffer.alloc(1 << 20, 0x5a));
    await expect(boot(own('garbage'))).rejects.toThrow(/not a kernel image/);
  });
});

describe('a snapshot', () => {
  const [object = ''] = OBJECTS;
  const cache = () => join(folder, 'cache-snapshots');
  const snapshot = async (): Promise<string> => {
    const [name = ''] = await readdir(join(cache(), 'snapshots'));
    return join(cache(), 'snapshots', name);
  };
  const flip = async (path: string, at: number) => {
    const file = await open(path, 'r+');
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    await file.write(Buffer.of((byte[0] ?? 0) ^ 0xff), 0, 1, at);
    await file.close();
  };
  const DAMAGE: [string, (path: string) => Promise<void>][] = [
    ['memory changed in one byte', async (path) => flip(join(path, 'ram'), 100 << 20)],
    ['memory cut short', async (path) => truncate(join(path, 'ram'), 100 << 20)],
    ['memory gone', async (path) => rm(join(path, 'ram'))],
    ['state changed in one byte', async (path) => flip(join(path, 'state'), 5000)],
    ['manifest half written', async (path) => truncate(join(path, 'snapshot.json'), 20)],
    [
      'manifest of another',
      async (path) =>
        writeFile(join(path, 'snapshot.json'), (await readFile(join(path, 'snapshot.json'), 'utf8')).replace(/"key": "../, '"key": "zz')),
    ],
  ];

  it('that is damaged is made anew, and never believed', async () => {
    const seen: string[] = [];
    await realRun([object], [KERNEL], { cache: cache() });
    for (const [what, damage] of DAMAGE) {
      await damage(await snapshot());
      let fromCache = true;
      const results = await realRun([object], [KERNEL], {
        cache: cache(),
        onEvent: (event) => {
          if (event.kind === 'kernel-ready') ({ fromCache } = event);
        },
      });
      seen.push(`${what}: ${fromCache ? 'kept' : 'made anew'}, ${results.cells.map((cell) => guestsOf(cell)).join()}`);
    }
    expect(seen).toEqual(DAMAGE.map(([what]) => `${what}: made anew, snapshot: verdict`));
  });

  it('that was copied is read once and then kept', async () => {
    const path = await snapshot();
    await copyFile(join(path, 'ram'), join(folder, 'ram'));
    await rm(join(path, 'ram'));
    await copyFile(join(folder, 'ram'), join(path, 'ram'));
    const stamp = await stat(join(path, 'ram.stamp'), { bigint: true });
    const events: boolean[] = [];
    for (let run = 0; run < 2; run++) {
      await realRun([object], [KERNEL], {
        cache: cache(),
        onEvent: (event) => void (event.kind === 'kernel-ready' && events.push(event.fromCache)),
      });
    }
    expect(events).toEqual([true, true]);
    expect((await stat(join(path, 'ram.stamp'), { bigint: true })).mtimeNs).not.toBe(stamp.mtimeNs);
  });
});

describe.skipIf(process.getuid?.() !== 0)('a disk that is full', () => {
  const mounted = async (name: string, size: string) => {
    const path = join(folder, name);
    await mkdir(path);
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
    return path;
  };

  it('under the temporary folder leaves cells without a verdict, and says what is full', async () => {
    const path = await mounted('tmp', '64k');
    vi.stubEnv('TMPDIR', path);
    const results = await realRun(OBJECTS.slice(0, 1), [KERNEL]).catch((error: unknown) => error);
    vi.stubEnv('TMPDIR', folder);
    await execa('umount', [path]);
    expect(String(results instanceof Error ? results : JSON.stringify(results))).toMatch(/ENOSPC|no space left/i);
  });

  it('under the cache leaves cells without a verdict where a snapshot is to be made, and nothing half made', async () => {
    const path = await mounted('small', '16m');
    const results = await realRun(OBJECTS.slice(0, 1), [KERNEL], { cache: path });
    const left = (await readdir(join(path, 'snapshots')).catch(() => [])).filter((name) => !name.includes('building'));
    await execa('umount', [path]);
    expect(results.cells.map(({ status, class: failure }) => `${status} ${failure}`)).toEqual(['infra infra-boot']);
    expect(left).toEqual([]);
  });
});

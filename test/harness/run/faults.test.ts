// Tests of faults from outside: QEMU killed or stopped at any phase, kernels that do not boot, damaged snapshots, full disks.
import { chmod, copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../../harness/run/events.ts';
import type { CellResult, Results } from '../../../harness/results/schema.ts';
import { pulledKernel } from '../../kernels/pulled.ts';
import { QEMU_PROGRAM } from '../../../harness/run/host.ts';
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

interface Failure {
  at: 'boot' | 'snapshot' | 'restore' | 'load' | 'results';
  by?: NodeJS.Signals;
  /** If true, only the first guest at the phase is hit, otherwise every one. */
  once?: boolean;
}

let failures = 0;

/** Does `work` with a QEMU that a signal hits at a phase. */
async function failing<T>({ at, by = 'SIGKILL', once = false }: Failure, work: () => Promise<T>): Promise<T> {
  const bin = join(folder, `bin-${failures++}`);
  await mkdir(bin);
  const program = join(bin, QEMU_PROGRAM);
  await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, 'failing-qemu.mjs')}' "$@"\n`);
  await chmod(program, 0o755);
  const { PATH = '' } = process.env;
  const environment = { REAL_PATH: PATH, PATH: `${bin}:${PATH}`, FAIL_AT: at, FAIL_BY: by, FAIL_ONCE: once ? join(bin, 'once') : '' };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  try {
    return await work();
  } finally {
    vi.stubEnv('PATH', PATH);
  }
}

function verdicts({ cells }: Results): string[] {
  return cells.flatMap(({ object, programs }) =>
    programs.map(({ name, status, class: failure }) => `${object} ${name}: ${failure ?? status}`),
  );
}

const guestsOf = ({ attempts }: CellResult) => attempts.map(({ isolation, infra }) => `${isolation}: ${infra ?? 'verdict'}`).join(', ');

describe('QEMU', () => {
  const [object = ''] = OBJECTS;
  let expected: string[] = [];
  beforeAll(async () => {
    expected = verdicts(await realRun([object], [KERNEL]));
  });

  it.each(['restore', 'load', 'results'] as const)(
    'QEMU that is killed once at the phase of %s does not change the verdict, which is marked flaky',
    async (at) => {
      const results = await failing({ at, once: true }, async () => realRun([object], [KERNEL]));
      expect(verdicts(results)).toEqual(expected);
      expect(results.cells.map((cell) => `${guestsOf(cell)}, flaky: ${cell.flaky}`)).toEqual([
        'snapshot: infra-crash, snapshot: verdict, flaky: true',
      ]);
    },
  );

  it.each(['boot', 'snapshot'] as const)('QEMU that is killed once at the phase of %s is started again', async (at) => {
    const cache = join(folder, `cache-${at}`);
    const results = await failing({ at, once: true }, async () => realRun([object], [KERNEL], { cache }));
    expect(verdicts(results)).toEqual(expected);
    expect(await readdir(join(cache, 'snapshots'))).toHaveLength(1);
  });

  it('after QEMU is killed in two restores, the guest is booted', async () => {
    const cache = join(folder, 'own-cache');
    const results = await failing({ at: 'restore' }, async () => realRun([object], [KERNEL], { cache }));
    expect(results.cells.map(guestsOf)).toEqual(['snapshot: infra-crash, snapshot: infra-crash, boot: verdict']);
    expect(verdicts(results)).toEqual(expected);
  });

  it('QEMU that is stopped during a load is noticed and replaced', async () => {
    const results = await failing({ at: 'load', by: 'SIGSTOP', once: true }, async () => realRun([object], [KERNEL]));
    expect(results.cells.map(guestsOf)).toEqual(['snapshot: infra-transport, snapshot: verdict']);
    expect(verdicts(results)).toEqual(expected);
  });

  it('QEMU that is killed in every boot leaves cells without a verdict but with a reason, and the run goes on', async () => {
    const cache = join(folder, 'cache-none');
    const results = await failing({ at: 'boot' }, async () => realRun(OBJECTS, [KERNEL], { cache }));
    expect(results.cells.map(({ status, class: failure, reason }) => `${status} ${failure} ${reason}`)).toEqual(
      Array.from({ length: 3 }, () => 'infra infra-boot the guest did not boot: QEMU ended by SIGKILL'),
    );
  });
});

describe('work files that a cleaner of temporary folders removes', () => {
  const [object = ''] = OBJECTS;
  let expected: string[] = [];
  beforeAll(async () => {
    expected = verdicts(await realRun([object], [KERNEL]));
  });

  /** Runs a cell, and calls `remove` once when it starts. */
  async function removing(remove: () => void, changes: Parameters<typeof realRun>[2]): Promise<Results> {
    let removed = false;
    const onEvent = ({ kind }: RunEvent) => {
      if (kind !== 'cell-started' || removed) return;
      removed = true;
      remove();
    };
    const results = await realRun([object], [KERNEL], { ...changes, onEvent });
    expect(removed).toBe(true);
    return results;
  }

  it.each(['boot', 'snapshot'] as const)(
    'work files that are removed before a guest starts (isolation %s) are made again',
    async (isolation) => {
      const removeAll = () => {
        for (const name of readdirSync(folder)) if (name.startsWith('corematrix-')) rmSync(join(folder, name), { recursive: true });
      };
      const results = await removing(removeAll, { isolation });
      expect(verdicts(results)).toEqual(expected);
      expect(results.cells.map(guestsOf)).toEqual([`${isolation}: verdict`]);
    },
  );

  it('a snapshot that is removed before a restore is replaced by a boot, and made again', async () => {
    const cache = join(folder, 'cache-removed');
    const results = await removing(() => rmSync(join(cache, 'snapshots'), { recursive: true }), { cache });
    expect(verdicts(results)).toEqual(expected);
    expect(results.cells.map(({ status }) => status)).not.toContain('infra');
    expect(await readdir(join(cache, 'snapshots'))).toHaveLength(1);
  });
});

describe('a kernel that does not boot', () => {
  const own = (name: string) => join(folder, name);
  const [object = ''] = OBJECTS;
  const boot = async (path: string) => {
    const results = await realRun([object], [`file:${path}`], { cache: join(folder, 'cache-own') });
    return results.cells.map(({ status, class: failure, reason }) => `${status} ${failure} ${reason}`.replaceAll(folder, 'FOLDER'));
  };

  it('a kernel that does not boot is diagnosed in one line, and the other kernels go on', async () => {
    const { vmlinux } = await pulledKernel(KERNEL);
    const image = await readFile(vmlinux ?? '');
    // The file is still a valid kernel image, but all of its code is one instruction: a jump to itself, or an invalid one.
    for (const [name, instruction] of [
      ['loops', [0xeb, 0xfe]],
      ['faults', [0x0f, 0x0b]],
    ] as const) {
      image.fill(Buffer.from(instruction), 2 << 20, 12 << 20);
      await writeFile(own(name), image);
    }
    const kernelOptions = { cache: await linkedCache(own('kernel-cache')) };
    // The time limit is for the kernel that loops. The other kernels have snapshots or fail at once.
    await realRun([object], [KERNEL]);
    const looping = await realRun([object], [`file:${own('loops')}`, KERNEL], { kernelOptions, limits: { bootMs: 6_000 } });
    const faulting = await realRun([object], [`file:${own('faults')}`], { kernelOptions });
    const cells = [...looping.cells, ...faulting.cells];
    expect(cells.map(({ status, class: failure, reason }) => `${status} ${failure} ${reason}`)).toMatchInlineSnapshot(`
      [
        "fail core-field-missing task_struct.__state: no such field (byte_off, task_state.bpf.c:34)",
        "infra infra-boot the guest did not boot: no answer from the guest in 6 s; nothing on the console: no kernel for this machine, or one without a serial console (CONFIG_SERIAL_8250_CONSOLE) or PVH entry (CONFIG_PVH); --boot-timeout changes the limit",
        "infra infra-boot the guest did not boot: QEMU ended; the kernel reset the machine or switched it off before it wrote anything",
      ]
    `);
  });

  it('a file that is not a kernel is refused before any guest starts', async () => {
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
    ['missing memory', async (path) => rm(join(path, 'ram'))],
    ['state changed in one byte', async (path) => flip(join(path, 'state'), 5000)],
    ['manifest half written', async (path) => truncate(join(path, 'snapshot.json'), 20)],
    [
      'manifest of another',
      async (path) =>
        writeFile(join(path, 'snapshot.json'), (await readFile(join(path, 'snapshot.json'), 'utf8')).replace(/"key": "../, '"key": "zz')),
    ],
  ];

  it('a damaged snapshot is never used, and made again', async () => {
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

  it('a copied snapshot is checked once and then used', async () => {
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

  it('a full disk under the temporary folder leaves cells without a verdict, with the full disk as the reason', async () => {
    const path = await mounted('tmp', '64k');
    vi.stubEnv('TMPDIR', path);
    const results = await realRun(OBJECTS.slice(0, 1), [KERNEL]).catch((error: unknown) => error);
    vi.stubEnv('TMPDIR', folder);
    await execa('umount', [path]);
    expect(String(results instanceof Error ? results : JSON.stringify(results))).toMatch(/ENOSPC|no space left/i);
  });

  it('a full disk under the cache leaves cells of new snapshots without a verdict, and no unfinished files', async () => {
    const path = await mounted('small', '16m');
    const results = await realRun(OBJECTS.slice(0, 1), [KERNEL], { cache: path });
    const left = (await readdir(join(path, 'snapshots')).catch(() => [])).filter((name) => !name.includes('building'));
    await execa('umount', [path]);
    expect(results.cells.map(({ status, class: failure, reason }) => `${status} ${failure} ${reason}`)).toMatchInlineSnapshot(`
      [
        "infra infra-boot the guest did not boot: QEMU ended by SIGBUS: no space left for the memory of the guest (df shows where; TMPDIR and COREMATRIX_CACHE move it)",
      ]
    `);
    expect(left).toEqual([]);
  });
});

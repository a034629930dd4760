// Tests of `corematrix floor` with real guests.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { fourSelectors, pulledKernels } from '../../kernels/pulled.ts';
import { linkedCache, sample } from '../run/real-run.ts';
import { corematrix } from './command.ts';

const FLOOR = z.object({
  kernels: z.array(z.object({ id: z.string(), series: z.string() })),
  programs: z.array(
    z.object({ name: z.string(), oldest: z.string(), newest: z.string(), gaps: z.array(z.unknown()), surprises: z.array(z.string()) }),
  ),
  tried: z.array(z.string()),
  without: z.array(z.unknown()),
});
const SERIES = ['5.10', '6.1', '6.12'].flatMap((series) => ['-k', `debian:${series}`]);

// Only kernels in the cache have predictions.
beforeAll(async () => pulledKernels(await fourSelectors()));

describe('an object', () => {
  it('floor prints the minimum kernel of each program, with the reason of the failure below it', async () => {
    const { exitCode, stdout } = await corematrix(PACKAGE_ROOT, ['floor', sample('task_state'), ...SERIES]);
    expect(`exit ${exitCode}\n${stdout}`).toMatchInlineSnapshot(`
      "exit 0
      task_state
        old_name: loads on 5.10
          not on 6.1 to 6.12: core-field-missing on 6.1: task_struct___before_5_14.state: no such field (byte_off, task_state.bpf.c:26)
        new_name: loads on 6.1 to 6.12
          not on 5.10: core-field-missing on 5.10: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)
        either_name: loads on 5.10 to 6.12

      3 guests of 3 kernels tried: 5.10 6.1 6.12; what lies between is taken from BTF"
    `);
  });

  it('floor boots only guests that decide a boundary', async () => {
    const { exitCode, stdout } = await corematrix(PACKAGE_ROOT, ['floor', sample('inode_ctime'), '--json']);
    const { kernels, programs, tried, without } = FLOOR.parse(JSON.parse(stdout));
    const seriesOf = (id: string) => kernels.find((kernel) => kernel.id === id)?.series;
    const newest = kernels.at(-1)?.series;
    expect(
      programs.map(({ name, gaps, surprises, ...ends }) => ({
        name,
        gaps,
        surprises,
        oldest: seriesOf(ends.oldest),
        newest: seriesOf(ends.newest),
      })),
    ).toEqual([
      { name: 'one_layout', gaps: [], surprises: [], oldest: '5.10', newest: '6.1' },
      { name: 'every_layout', gaps: [], surprises: [], oldest: '5.10', newest },
    ]);
    expect({ exitCode, tried: tried.map(seriesOf), without }).toEqual({ exitCode: 0, tried: ['5.10', '6.1', '6.12', newest], without: [] });
    expect(kernels.length).toBeGreaterThan(tried.length);
  });

  it('a guest cannot contradict a prediction on a kernel that was not in the cache', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'floor-'));
    try {
      const cache = await linkedCache(join(folder, 'cache'));
      await rm(join(cache, 'kernels'), { recursive: true });
      const args = ['floor', sample('task_state'), '-k', 'debian:5.10'];
      const { stdout } = await corematrix(PACKAGE_ROOT, args, { COREMATRIX_CACHE: cache });
      expect(stdout).toMatchInlineSnapshot(`
        "task_state
          old_name: loads on 5.10
          new_name: loads on none of them
            not on 5.10: core-field-missing on 5.10: task_struct.__state: no such field (byte_off, task_state.bpf.c:34)
          either_name: loads on 5.10

        1 guest of 1 kernel tried: 5.10; what lies between is taken from BTF"
      `);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('floor asks for one loader if the configuration names several', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'floor-'));
    try {
      await writeFile(join(folder, 'loaders.yaml'), 'loaders: [libbpf@default, cilium@0.22]\n');
      const { exitCode, stderr } = await corematrix(folder, ['floor', sample('task_state'), '-c', 'loaders.yaml']);
      expect(`exit ${exitCode}: ${stderr.replace(/\S*task_state/, 'task_state')}`).toMatchInlineSnapshot(
        `"exit 2: error: task_state.bpf.o: name one object, this means 2; the configuration names several loaders: choose one with --loader"`,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('floor with a loader means the row of this loader, if the configuration gives the object several', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'floor-'));
    try {
      const path = sample('exec_watch');
      await writeFile(
        join(folder, 'rows.yaml'),
        `objects:\n  - { path: ${path}, name: older, loader: libbpf@1.5 }\n  - { path: ${path}, name: plain }\n`,
      );
      const args = ['floor', path, '-c', 'rows.yaml', '-k', 'debian:5.10', '--json', '--loader'];
      const found = await Promise.all(
        ['libbpf@default', 'libbpf@1.1', 'libbpf@1.5'].map(async (loader) => corematrix(folder, [...args, loader])),
      );
      expect(found.map(({ stdout }) => JSON.parse(stdout).object)).toEqual(['plain', 'plain+libbpf-1.1', 'older+libbpf-1.5']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('floor requires exactly one readable object', async () => {
    const said = [
      await corematrix(PACKAGE_ROOT, ['floor', 'nowhere.bpf.o']),
      await corematrix(PACKAGE_ROOT, ['floor', 'programs/build/*.bpf.o']),
      await corematrix(PACKAGE_ROOT, ['floor', sample('task_state'), '-k', 'debian:1.0']),
    ];
    expect(
      said.map(({ exitCode, stderr }) => `exit ${exitCode}: ${stderr.replace(/means \d+/, 'means N').replace(/has [\d., ]+/, 'has LIST')}`),
    ).toMatchInlineSnapshot(`
      [
        "exit 2: error: nowhere.bpf.o: no such file",
        "exit 2: error: programs/build/*.bpf.o: name one object, this means N",
        "exit 2: error: debian:1.0: no such kernel; the Debian mirror has LIST(amd64, cloud)",
      ]
    `);
  });
});

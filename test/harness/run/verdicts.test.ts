// Tests of verdicts of earlier runs: they are reused only if nothing that they depend on has changed, and are marked.
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addLog, createLogStore, logText } from '../../../harness/results/logs.ts';
import type { CellResult, Results } from '../../../harness/results/schema.ts';
import type { CellIdentity } from '../../../harness/run/stored-cell.ts';
import { verdictStore } from '../../../harness/run/verdicts.ts';
import { cacheRoot } from '../../../harness/base/files.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { terminalReport } from '../../../reports/terminal/run.ts';
import { SAMPLE } from '../../reports/sample.ts';
import { IDENTITY, OTHER_IDENTITIES } from './cell-identity.ts';
import { pulledKernel } from '../../kernels/pulled.ts';
import { linkedCache, realRun, sample } from './real-run.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'verdicts-'));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

function steady(): CellResult {
  const cell = SAMPLE.cells.find(({ status }) => status === 'fail');
  if (!cell) throw new Error('the sample has such a cell');
  return { ...cell, flaky: false, attempts: cell.attempts.slice(-1) };
}

const find = async (identity: CellIdentity) => verdictStore(folder, 'tonight', true).find(identity, createLogStore());

describe('a verdict that is kept', () => {
  it('a kept verdict is found with its logs and with the run that it comes from', async () => {
    const cell = steady();
    await verdictStore(folder, 'last night', true).keep(IDENTITY, cell, SAMPLE.logs);
    const logs = createLogStore();
    addLog(logs, 'something else');
    const found = await verdictStore(folder, 'tonight', true).find(IDENTITY, logs);
    expect({ ...found, logs: null, programs: null }).toEqual({
      ...cell,
      logs: null,
      programs: null,
      reused: { run: 'last night', at: expect.any(String) },
    });
    expect(logText(logs, found?.logs.libbpf ?? null)).toBe(logText(SAMPLE.logs, cell.logs.libbpf));
    expect(await verdictStore(folder, 'tonight', false).find(IDENTITY, logs)).toBeNull();
  });

  it('a kept verdict is not found for another identity', async () => {
    await verdictStore(folder, 'last night', true).keep(IDENTITY, steady(), SAMPLE.logs);
    expect(await Promise.all(OTHER_IDENTITIES.map(find))).toEqual(OTHER_IDENTITIES.map(() => null));
    expect(await find(IDENTITY)).not.toBeNull();
  });

  it.each([
    ['an infrastructure failure', { status: 'infra' }],
    ['an interrupted cell', { status: 'not-run' }],
    ['a verdict after two attempts', { flaky: true }],
    ['a crash of the kernel', { class: 'kernel-crash' }],
    ['a verdict whose logs had no room in its run', { logsCut: { logs: 1, bytes: 1, limit: 'run' } }],
    ['a verdict from an earlier run', { reused: { run: 'before', at: '2026-05-01T00:00:00Z' } }],
  ] satisfies [string, Partial<CellResult>][])('%s is not kept', async (_, change) => {
    await verdictStore(folder, 'last night', true).keep(IDENTITY, { ...steady(), ...change }, SAMPLE.logs);
    expect(await readdir(folder)).toEqual([]);
  });

  it('a kept verdict with a damaged file is not found, and can be kept again', async () => {
    const verdicts = verdictStore(folder, 'last night', true);
    await verdicts.keep(IDENTITY, steady(), SAMPLE.logs);
    const [name = ''] = await readdir(join(folder, 'verdicts'));
    await writeFile(join(folder, 'verdicts', name), 'not gzip');
    expect(await find(IDENTITY)).toBeNull();
    await verdicts.keep(IDENTITY, steady(), SAMPLE.logs);
    expect(await find(IDENTITY)).not.toBeNull();
    expect(await readdir(join(folder, 'verdicts'))).toEqual([name]);
  });
});

describe('a second run', () => {
  const OBJECTS = [sample('task_state'), sample('exec_watch')];
  /** Results without the parts that differ in every run. */
  const comparable = ({ cells, logs }: Results) =>
    cells.map(({ logs: refs, programs, ...cell }) => ({
      ...cell,
      reused: null,
      logs: Object.values(refs).map((id) => logText(logs, id)),
      programs: programs.map((program) => ({ ...program, logs: Object.values(program.logs).map((id) => logText(logs, id)) })),
    }));
  const reusedIn = ({ cells }: Results) => cells.filter(({ reused }) => reused !== undefined).map(({ object }) => object);

  it('a second run reuses the verdicts of the first without guests, also with other expectations, and runs all cells without the cache', async () => {
    const cache = await linkedCache(join(folder, 'cache'));
    const started: string[] = [];
    const again = async (changes: Parameters<typeof realRun>[2] = {}) => {
      started.length = 0;
      return realRun(OBJECTS, ['debian:6.12'], {
        cache,
        verdicts: 'reuse',
        onEvent: (event) => event.kind === 'cell-started' && started.push(event.object),
        ...changes,
      });
    };
    const first = await again();
    expect([reusedIn(first), [...started].toSorted()]).toEqual([[], ['exec_watch', 'task_state']]);
    const second = await again();
    expect([reusedIn(second), started]).toEqual([['task_state', 'exec_watch'], []]);
    expect(comparable(second)).toEqual(comparable(first));
    expect(second.cells[0]?.reused).toEqual({ run: first.run.id, at: expect.any(String) });
    expect(terminalReport(second, { width: 100, height: 60, colour: false })).toContain(
      '(1 kernel, 2 objects, 2 of 2 cells from earlier runs, ',
    );

    const expectations = [{ object: 'task_state.bpf.o', program: 'old_name', status: 'fail', reason: 'it was renamed' }] as const;
    const expecting = await again({ expectations });
    expect([reusedIn(expecting), expecting.cells[0]?.programs[0]?.status]).toEqual([['task_state', 'exec_watch'], 'xfail']);

    expect(reusedIn(await again({ verdicts: 'renew' }))).toEqual([]);
  }, 240_000);

  it('a verdict whose reason could name a module is found anew once the modules are in the cache', async () => {
    await (await pulledKernel('debian:6.12')).modules.folder({ cache: cacheRoot() });
    const cache = await linkedCache(join(folder, 'cache'), ['modules']);
    const missing = await compileBpf(folder, 'missing', 'SEC("fentry/nf_nat_packet") int traced(u64 *ctx) { return 0; }');
    const other = await compileBpf(folder, 'other', 'SEC("xdp") int other(void *ctx) { return 2; }');
    const again = async () => realRun([missing, other], ['debian:6.12'], { cache, verdicts: 'reuse' });
    const reasons = ({ cells }: Results) => cells.flatMap(({ programs }) => programs.flatMap(({ reason }) => reason ?? []));
    const first = await again();
    expect(reasons(first)).toEqual(["attach target nf_nat_packet (tracing) is not in this kernel's BTF"]);
    expect(reusedIn(await again())).toHaveLength(2);
    await symlink(join(cacheRoot(), 'modules'), join(cache, 'modules'));
    const third = await again();
    expect(reasons(third)).toEqual(['attach target nf_nat_packet (tracing) is in module nf_nat, which is not loaded: modules: [nf_nat]']);
    expect(reusedIn(third)).toEqual(['other.bpfel']);
    expect(reusedIn(await again())).toHaveLength(2);
  }, 240_000);
});

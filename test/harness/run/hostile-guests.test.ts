// Tests of real guests that panic, hang, flood, lie or die. Their agent misbehaves as the name of its object says.
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOG_LIMITS } from '../../../harness/base/log-limits.ts';
import type { CellResult, LogStore, Results } from '../../../harness/results/schema.ts';
import { logText } from '../../../harness/results/logs.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { agentOf, realRun, sample } from './real-run.ts';

/** The faults by time limit: the default limits, a short limit for the cell, or a short limit for a sign of life. */
const FAULTS = {
  patiently: [
    'panic',
    'crash',
    'no_memory',
    'lost_bell',
    'corrupt',
    'length_lie',
    'stops_short',
    'bell_flood',
    'mailbox_flood',
    'power_off',
    'well',
  ],
  briefly: ['busy', 'console_flood'],
  watched: ['hang'],
} as const;
const LIMITS = { patiently: {}, briefly: { cellMs: 10_000 }, watched: { stallMs: 5_000 } } as const;

let folder = '';
let results: Results[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  const objects = join(folder, 'objects');
  await mkdir(objects);
  const agent = await agentOf(join(PACKAGE_ROOT, 'test/harness/guest/hostile-agent/load.c'), join(folder, 'agent'));
  const run = async (how: keyof typeof FAULTS) => {
    const paths = FAULTS[how].map((name) => join(objects, `${name}.bpf.o`));
    for (const path of paths) await copyFile(sample('exec_watch'), path);
    // Snapshots with this agent must not get into the cache of the machine.
    return realRun(paths, ['debian:5.10'], { agent, cache: join(folder, 'cache'), limits: LIMITS[how], largestMiB: 512 });
  };
  results = [await run('patiently'), await run('briefly'), await run('watched')];
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

function found(object: string): { cell: CellResult; logs: LogStore } {
  for (const { cells, logs } of results) {
    const cell = cells.find((one) => one.object === object);
    if (cell) return { cell, logs };
  }
  throw new Error(`no cell of ${object}`);
}

const cellOf = (object: string) => found(object).cell;

function said(object: string, log: keyof CellResult['logs']): string {
  const { cell, logs } = found(object);
  return logText(logs, cell.logs[log]);
}

/** A cell in one line: its result, and each of its guests. */
function summaryOf(object: string): string {
  const { status, class: failure, reason, flaky, attempts } = cellOf(object);
  const guests = attempts.map(({ isolation, infra }) => `${isolation}: ${infra ?? 'verdict'}`).join(', ');
  const because = (reason ?? '').replaceAll(/\[ *\d+\.\d+\]/g, '[time]').replace(/(?<=Killed process ).*/, '...');
  return `${status}${flaky ? ' (flaky)' : ''} ${failure ?? ''} ${because} [${guests}]`;
}

describe('a guest that misbehaves', () => {
  it('a guest that misbehaves gives no verdict, is replaced step by step, and its fault is the reason', () => {
    expect(Object.fromEntries([...FAULTS.patiently, ...FAULTS.watched, 'busy'].map((name) => [name, summaryOf(name)])))
      .toMatchInlineSnapshot(`
        {
          "bell_flood": "infra infra-transport the guest floods its doorbell [snapshot: infra-transport, snapshot: infra-transport, boot: infra-transport]",
          "busy": "infra infra-timeout the guest is alive but not done after 10 s; --timeout changes the limit [snapshot: infra-timeout, snapshot: infra-timeout]",
          "corrupt": "infra infra-transport the guest's response is damaged: the checksum of the response does not match its bytes [snapshot: infra-transport, snapshot: infra-transport, boot: infra-transport]",
          "crash": "fail libbpf-crash loading the object crashes libbpf in two fresh boots: the loading process crashed with SIGSEGV [snapshot: infra-crash, boot: infra-crash, boot: infra-crash]",
          "hang": "infra infra-crash the guest hangs: no sign of life for 5 s [snapshot: infra-crash, snapshot: infra-crash, boot: infra-crash]",
          "length_lie": "infra infra-transport the guest announced a response that lies outside its mailbox [snapshot: infra-transport, snapshot: infra-transport, boot: infra-transport]",
          "lost_bell": "pass   [snapshot: verdict]",
          "mailbox_flood": "pass   [snapshot: verdict]",
          "no_memory": "infra infra-transport the object needs more memory than a guest of 512 MiB has, the largest that this machine has memory for; free some memory, make the maps smaller (maps: max_entries), or set memory: [snapshot: infra-splat, snapshot: infra-splat, boot: infra-splat]",
          "panic": "fail kernel-crash loading the object crashes the kernel in two fresh boots: kernel panic in the guest: [time] Kernel panic - not syncing: sysrq triggered crash [snapshot: infra-crash, boot: infra-crash, boot: infra-crash]",
          "power_off": "infra infra-crash QEMU ended [snapshot: infra-crash, snapshot: infra-crash, boot: infra-crash]",
          "stops_short": "infra infra-transport the guest's response has no end [snapshot: infra-transport, snapshot: infra-transport, boot: infra-transport]",
          "well": "pass   [snapshot: verdict]",
        }
      `);
  });

  it('a guest that floods its console is ended for that or at its time limit, whichever comes first', () => {
    const { status, attempts } = cellOf('console_flood');
    expect([status, attempts.length >= 2]).toEqual(['infra', true]);
    expect(attempts.map(({ reason }) => reason).filter((reason) => !/floods its console|is alive but not done/.test(reason ?? ''))).toEqual(
      [],
    );
    expect(said('console_flood', 'console')).toContain('x'.repeat(4000));
  });

  it('the logs of a guest that misbehaves are kept until the fault', () => {
    expect(said('busy', 'libbpf')).toBe('libbpf: loading what never ends');
    expect(said('mailbox_flood', 'libbpf')).toMatch(/\[corematrix: \d+ more bytes of log did not fit into the mailbox\]$/);
    expect(said('mailbox_flood', 'libbpf').length).toBeLessThanOrEqual(LOG_LIMITS.cell);
    expect(cellOf('mailbox_flood').logsCut).toEqual({ logs: 1, bytes: expect.any(Number), limit: 'guest' });
    expect(said('panic', 'console')).toContain('Kernel panic - not syncing');
  });

  it('a guest that misbehaves leaves nothing unfinished in the cache', async () => {
    expect((await readdir(join(folder, 'cache/snapshots'))).filter((name) => name.includes('.'))).toEqual([]);
  });
});

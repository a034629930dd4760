// Guests that panic, hang, flood, lie or die: real ones, whose helper misbehaves in the way its object is called.
import { copyFile, cp, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CellResult, Results } from '../../../harness/results/schema.ts';
import { logText } from '../../../harness/results/logs.ts';
import { ensureHelper } from '../../../harness/setup/helper.ts';
import { PACKAGE_ROOT } from '../../../harness/setup/root.ts';
import { realRun, sample } from './real-run.ts';

const FAULTS = [
  'panic',
  'hang',
  'busy',
  'crash',
  'lost_bell',
  'corrupt',
  'length_lie',
  'stops_short',
  'bell_flood',
  'console_flood',
  'mailbox_flood',
  'power_off',
] as const;

let folder = '';
let results: Results;

/** The helper's sources with another load.c, the real one beside it. */
async function hostileHelper(cache: string) {
  const sources = join(folder, 'helper');
  await cp(join(PACKAGE_ROOT, 'harness/helper'), sources, { recursive: true });
  await rename(join(sources, 'load.c'), join(sources, 'really.h'));
  await copyFile(join(PACKAGE_ROOT, 'test/harness/guest/hostile-helper/load.c'), join(sources, 'load.c'));
  return ensureHelper({ onNote: () => {}, sources, cache });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hostile-'));
  const objects = join(folder, 'objects');
  await mkdir(objects);
  for (const name of [...FAULTS, 'well']) await copyFile(sample('exec_watch'), join(objects, `${name}.bpf.o`));
  const helper = await hostileHelper(process.env['COREMATRIX_CACHE'] ?? join(process.env['HOME'] ?? '', '.cache/corematrix'));
  const paths = [...FAULTS, 'well'].map((name) => join(objects, `${name}.bpf.o`));
  // Snapshots of this helper do not belong into the machine's cache.
  results = await realRun(paths, ['debian:5.10'], { helper, cache: join(folder, 'cache'), timeoutMs: 10_000, stallMs: 5_000 });
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

function cellOf(object: string): CellResult {
  const cell = results.cells.find((one) => one.object === object);
  if (!cell) throw new Error(`no cell of ${object}`);
  return cell;
}

/** A cell in a few words: what became of it, then every guest it had. */
function told(object: string): string {
  const { status, class: failure, reason, flaky, attempts } = cellOf(object);
  const guests = attempts.map(({ isolation, infra }) => `${isolation}: ${infra ?? 'verdict'}`).join(', ');
  return `${status}${flaky ? ' (flaky)' : ''} ${failure ?? ''} ${reason ?? ''} [${guests}]`.replaceAll(/\[ *\d+\.\d+\]/g, '[time]');
}

describe('a guest that misbehaves', () => {
  it('gives no verdict, is tried again in steps, and is told by what it did', () => {
    expect(Object.fromEntries(FAULTS.filter((name) => name !== 'console_flood').map((name) => [name, told(name)]))).toMatchInlineSnapshot(`
      {
        "bell_flood": "infra infra-transport the guest floods its doorbell [snapshot: infra-transport, snapshot: infra-transport, boot: infra-transport]",
        "busy": "infra infra-timeout the guest is alive but not done after 10 s; --timeout gives it longer [snapshot: infra-timeout, snapshot: infra-timeout]",
        "corrupt": "infra infra-transport the guest's response is damaged: the checksum of the response does not match its bytes [snapshot: infra-transport, snapshot: infra-transport, boot: infra-transport]",
        "crash": "infra infra-crash the loading process in the guest died of signal 6 [snapshot: infra-crash, snapshot: infra-crash, boot: infra-crash]",
        "hang": "infra infra-crash the guest hangs: no sign of life for 5 s [snapshot: infra-crash, snapshot: infra-crash, boot: infra-crash]",
        "length_lie": "infra infra-transport the guest announced a response that lies outside its mailbox [snapshot: infra-transport, snapshot: infra-transport, boot: infra-transport]",
        "lost_bell": "pass   [snapshot: verdict]",
        "mailbox_flood": "pass   [snapshot: verdict]",
        "panic": "fail kernel-crash loading it breaks the kernel, in two fresh boots: kernel panic in the guest: [time] Kernel panic - not syncing: sysrq triggered crash [snapshot: infra-crash, boot: infra-crash, boot: infra-crash]",
        "power_off": "infra infra-crash QEMU ended [snapshot: infra-crash, snapshot: infra-crash, boot: infra-crash]",
        "stops_short": "infra infra-transport the guest's response has no end [snapshot: infra-transport, snapshot: infra-transport, boot: infra-transport]",
      }
    `);
  });

  it('is ended when it floods its console, or when its time is up, whichever comes first', () => {
    const { status, attempts, logs } = cellOf('console_flood');
    expect([status, attempts.length >= 2]).toEqual(['infra', true]);
    expect(attempts.map(({ reason }) => reason).filter((reason) => !/floods its console|is alive but not done/.test(reason ?? ''))).toEqual(
      [],
    );
    expect(logText(results.logs, logs.console)).toContain('x'.repeat(4000));
  });

  it('leaves the others of its run alone', () => {
    expect(told('well')).toBe('pass   [snapshot: verdict]');
  });

  it('keeps what was said until it stopped', () => {
    expect(logText(results.logs, cellOf('busy').logs.libbpf)).toBe('libbpf: loading what never ends');
    expect(logText(results.logs, cellOf('mailbox_flood').logs.libbpf)).toMatch(
      /\[corematrix: \d+ more bytes of log found no room in the mailbox\]$/,
    );
    expect(logText(results.logs, cellOf('panic').logs.console)).toContain('Kernel panic - not syncing');
  });

  it('leaves nothing unfinished in the cache', async () => {
    expect((await readdir(join(folder, 'cache/snapshots'))).filter((name) => name.includes('.'))).toEqual([]);
  });
});

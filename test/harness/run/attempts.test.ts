// Tests of the guests that a cell gets after earlier guests ended.
import { describe, expect, test } from 'vitest';
import { type InfraClass, InfraError } from '../../../harness/base/errors.ts';
import type { GuestResult } from '../../../harness/guest/cell.ts';
import type { Frame } from '../../../harness/guest/protocol/frames.ts';
import { rounded, tryGuests } from '../../../harness/run/attempts.ts';

const SEGFAULT = 11;
const EXIT_1 = 1 << 8;

const MEASURED = { console: '', command: ['qemu'], durationMs: 1.26 };

/** Ends of a guest, with the result for each. */
const ENDINGS = {
  verdict: { ok: true, frames: [], dropped: 0, ...MEASURED },
  timeout: failed('infra-timeout'),
  transport: failed('infra-transport'),
  panic: { ...failed('infra-crash'), console: '[1.0] Kernel panic - not syncing: test\n' },
  'panic in a guest that answers': {
    ok: true,
    frames: [{ type: 'kernel-log', text: 'kernel BUG at mm/slub.c:1\n' }],
    dropped: 0,
    ...MEASURED,
  },
  'loader crash': answer([
    { type: 'log', level: 'warn', text: 'libbpf: loading\n' },
    { type: 'crash', waitStatus: SEGFAULT },
  ]),
  'loader exit': answer([{ type: 'crash', waitStatus: EXIT_1 }]),
  'no module': answer([{ type: 'module-end', name: 'dummy', errno: 2 }]),
} satisfies Record<string, GuestResult>;

type Ending = keyof typeof ENDINGS;

function failed(failure: InfraClass): GuestResult {
  return { ok: false, error: new InfraError(`the reason of ${failure}`, { failure }), frames: [], ...MEASURED };
}

function answer(frames: Frame[]): GuestResult {
  return { ok: true, frames, dropped: 0, ...MEASURED };
}

/** The guests that a cell gets if they end in this order, and `new snapshot` if its snapshot is made again. */
async function guests(endings: readonly Ending[], restores = true): Promise<string> {
  const left = [...endings];
  const started: string[] = [];
  const start = (how: string) => async () => {
    const ending = left.shift() ?? 'verdict';
    started.push(how);
    return ENDINGS[ending];
  };
  const renew = async () => void started.push('new snapshot');
  const tries = await tryGuests({ restore: restores ? start('snapshot') : null, boot: start('boot'), renew });
  expect(tries.map(({ attempt }) => attempt.isolation)).toEqual(started.filter((how) => how !== 'new snapshot'));
  return started.join(', ');
}

describe('the guests of a cell', () => {
  test.each([
    [['verdict'], 'snapshot'],
    [['transport', 'verdict'], 'snapshot, snapshot'],
    [['transport', 'transport', 'verdict'], 'snapshot, snapshot, boot, new snapshot'],
    [['transport', 'transport', 'transport'], 'snapshot, snapshot, boot'],
    // A load that takes too long takes too long in a boot, too.
    [['timeout', 'timeout'], 'snapshot, snapshot'],
    [['timeout', 'verdict'], 'snapshot, snapshot'],
    [['timeout', 'transport', 'verdict'], 'snapshot, snapshot, boot, new snapshot'],
    [['transport', 'timeout'], 'snapshot, snapshot'],
    // The object may have caused the crash. Two guests that are booted for it alone must prove that.
    [['panic', 'panic', 'panic'], 'snapshot, boot, boot'],
    [['panic', 'verdict'], 'snapshot, boot, new snapshot'],
    [['panic', 'transport'], 'snapshot, boot'],
    [['panic', 'panic', 'verdict'], 'snapshot, boot, boot'],
    [['transport', 'panic', 'panic', 'panic'], 'snapshot, snapshot, boot, boot'],
    [['loader crash', 'loader crash', 'loader crash'], 'snapshot, boot, boot'],
    [['panic in a guest that answers', 'verdict'], 'snapshot, boot, new snapshot'],
    [['loader exit', 'loader exit', 'loader exit'], 'snapshot, snapshot, boot'],
    // The guest works, and another one would give the same answer.
    [['no module'], 'snapshot'],
    [['transport', 'no module'], 'snapshot, snapshot'],
  ] satisfies [Ending[], string][])('guests of a cell that end with %j are: %s', async (endings, expected) => {
    expect(await guests(endings)).toBe(expected);
  });

  test.each([
    [['verdict'], 'boot'],
    [['transport', 'verdict'], 'boot, boot'],
    [['panic', 'panic'], 'boot, boot'],
    [['no module'], 'boot'],
  ] satisfies [Ending[], string][])('guests of a cell without a snapshot that end with %j are: %s', async (endings, expected) => {
    expect(await guests(endings, false)).toBe(expected);
  });

  test('a cell gets a third guest also if its snapshot cannot be made again', async () => {
    const result = async () => ENDINGS.transport;
    expect(await tryGuests({ restore: result, boot: async () => ENDINGS.verdict, renew: null })).toHaveLength(3);
  });
});

test.each([
  ['verdict', null, null],
  ['timeout', 'infra-timeout', 'the reason of infra-timeout'],
  ['panic', 'infra-crash', 'kernel panic in the guest: [1.0] Kernel panic - not syncing: test'],
  ['panic in a guest that answers', 'infra-crash', 'kernel BUG in the guest: kernel BUG at mm/slub.c:1'],
  ['loader crash', 'infra-crash', 'the loading process in the guest was killed by SIGSEGV'],
  ['loader exit', 'infra-crash', 'the loading process in the guest failed (status 1)'],
  ['no module', 'infra-kernel-unavailable', 'the module dummy cannot be loaded in the guest: ENOENT'],
] as const)('an attempt that ends with %j is recorded as %j', async (ending, infra, reason) => {
  const [first] = await tryGuests({ restore: null, boot: async () => ENDINGS[ending], renew: null });
  expect(first?.attempt).toEqual({ isolation: 'boot', infra, reason, durationMs: 1.3 });
});

test('the reason of a failed guest counts before the reason in its frames', async () => {
  const guest: GuestResult = { ...failed('infra-timeout'), frames: [{ type: 'module-end', name: 'dummy', errno: 2 }] };
  const tries = await tryGuests({ restore: null, boot: async () => guest, renew: null });
  expect(tries.map(({ attempt }) => attempt.infra)).toEqual(['infra-timeout', 'infra-timeout']);
});

test('durations of attempts are rounded to tenths of a millisecond', () => {
  expect([0.04, 0.05, 12.34, 12.36].map(rounded)).toEqual([0, 0.1, 12.3, 12.4]);
});

/** The attempts of a cell whose machine stands still for these times during its attempts. */
async function attemptsWithStops(...stops: number[]) {
  let total = 1_000_000;
  const boot = async () => {
    total += stops.shift() ?? 0;
    return ENDINGS.verdict;
  };
  const tries = await tryGuests({ restore: null, boot, renew: null, stopped: () => total });
  return tries.map(
    ({ attempt: { infra, reason }, crash, settled }) => `${infra ?? 'fine'}, ${reason ?? ''}, ${crash !== null}, ${settled}`,
  );
}

test('an attempt during which the machine stood still for five seconds is made again, three times at most', async () => {
  const stopped = (seconds: number) => `infra-timeout, the machine was suspended, or this program stopped, for ${seconds} s, false, false`;
  const fine = 'fine, , false, true';
  expect([
    await attemptsWithStops(),
    await attemptsWithStops(4999),
    await attemptsWithStops(5000),
    await attemptsWithStops(7000, 9600),
    await attemptsWithStops(5000, 5000, 5000, 5000, 5000),
  ]).toEqual([[fine], [fine], [stopped(5), fine], [stopped(7), stopped(10), fine], [stopped(5), stopped(5), stopped(5), fine]]);
});

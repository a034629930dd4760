import { expect, test } from 'vitest';
import type { RunCheckPlan } from '../../../harness/plan/object-settings/run-check-plan.ts';
import type { PlannedCheck } from '../../../harness/plan/settings/check/planned-check.ts';
import type { RunCheckFacts } from '../../../harness/verdict/evidence/evidence.ts';
import { judgeRunCheck } from '../../../harness/verdict/run-check.ts';

const NO_FACTS: RunCheckFacts = {
  triggered: new Map([[0, { errno: 0, returned: 0 }]]),
  commands: new Map(),
  events: new Map(),
  values: new Map(),
  runs: new Map(),
};
const u64 = (...values: number[]) => Buffer.concat(values.map((value) => Buffer.from(BigUint64Array.of(BigInt(value)).buffer)));
const at = (expected: Extract<PlannedCheck, { kind: 'bytes' }>['expected'], size: number | null = 8): PlannedCheck => ({
  kind: 'bytes',
  program: null,
  what: 'counts[0]',
  map: 'counts',
  key: u64(0),
  offset: 0,
  size,
  expected,
});

function judge(checks: PlannedCheck[], facts: Partial<RunCheckFacts>, mapType = 'array', attached: string[] = ['p']) {
  const plan: RunCheckPlan = { triggers: [{ kind: 'built-in', name: 'open' }], checks };
  return judgeRunCheck(plan, { ...NO_FACTS, ...facts }, [{ name: 'counts', type: mapType }], attached);
}

const value = (bytes: Buffer, errno = 0) => ({ values: new Map([[0, { errno, value: bytes }]]) });

test('the numbers of a per-CPU map are summed over processors', () => {
  const [check] = judge([at({ atLeast: 5 })], value(u64(2, 3)), 'percpu_array').checks;
  expect(check).toEqual({ program: null, what: 'counts[0]', expected: 'at least 5', seen: '5', passed: true });
  expect(judge([at({ atLeast: 5 })], value(u64(2, 3))).checks).toMatchObject([{ seen: '2', passed: false }]);
  expect(judge([at({ equals: u64(5), shown: '5' })], value(u64(2, 3)), 'percpu_array').checks).toMatchObject([{ passed: true }]);
});

test('a missing value, or a value that is not a number, fails its check', () => {
  expect(judge([at({ notZero: true })], value(Buffer.alloc(0), 2)).checks).toMatchObject([{ seen: 'no entry', passed: false }]);
  expect(judge([at({ notZero: true })], {}).checks).toMatchObject([{ seen: 'no value', passed: false }]);
  expect(judge([at({ atLeast: 0 }, null)], value(Buffer.alloc(3))).checks).toMatchObject([
    { seen: 'hex:000000, not a number', passed: false },
  ]);
});

test('without planned checks, each attached program whose runs the kernel counts must have run', () => {
  const { failureOf, checks } = judge(
    [],
    {
      runs: new Map([
        ['p', 0],
        ['q', 2],
      ]),
    },
    'array',
    ['p', 'q', 'sleeps'],
  );
  expect(checks.map(({ what, seen }) => `${what}: ${seen}`)).toEqual(['runs of p: 0', 'runs of q: 2']);
  expect(failureOf('p')?.reason).toBe('runs of p after open: expected at least 1, seen 0');
  expect([failureOf('q'), failureOf('sleeps')]).toEqual([null, null]);
});

test('a trigger that fails makes every program fail', () => {
  const { failureOf } = judge([], { triggered: new Map([[0, { errno: 13, returned: 0 }]]), runs: new Map([['p', 1]]) });
  expect(failureOf('p')).toEqual({ stage: 'run', class: 'run-failed', errno: 13, reason: 'trigger open: EACCES' });
  expect(judge([], { triggered: new Map() }).failureOf('p')?.reason).toBe('trigger open: did not run');
});

/** A check that was judged, in one line. */
function outcome(check: PlannedCheck, facts: Partial<RunCheckFacts>, mapType = 'array'): string {
  const [found] = judge([check], facts, mapType).checks;
  return `${found?.what}: ${found?.expected}, seen ${found?.seen}: ${found?.passed ? 'passed' : 'failed'}`;
}

test('the bytes of a checked value are compared as a number, or as hexadecimal text', () => {
  const hex = Buffer.from('00ff10', 'hex');
  expect([
    outcome(at({ atLeast: 0x0102 }, 2), value(Buffer.from([2, 1]))),
    outcome(at({ atLeast: 0x0103 }, 2), value(Buffer.from([2, 1]))),
    outcome(at({ atLeast: 7 }, 1), value(Buffer.from([7]))),
    outcome(at({ atLeast: 7 }, 4), value(Buffer.from([7, 0, 0, 0]))),
    outcome(at({ notZero: true }, 4), value(Buffer.from([0, 0, 1, 0]))),
    outcome(at({ notZero: true }), value(u64(0))),
    outcome(at({ equals: u64(3), shown: '3' }), value(u64(3))),
    outcome(at({ equals: u64(3), shown: '3' }), value(u64(4))),
    outcome(at({ equals: hex, shown: 'hex:00ff10' }, 3), value(hex)),
    outcome(at({ equals: hex, shown: 'hex:00ff10' }, 3), value(Buffer.from('00ff11', 'hex'))),
    outcome(at({ notZero: true }, null), value(Buffer.alloc(40, 1))),
    outcome(at({ notZero: true }, null), value(Buffer.alloc(32, 1))),
    outcome(at({ notZero: true }), value(u64(1), 13)),
  ]).toEqual([
    'counts[0]: at least 258, seen 258: passed',
    'counts[0]: at least 259, seen 258: failed',
    'counts[0]: at least 7, seen 7: passed',
    'counts[0]: at least 7, seen 7: passed',
    'counts[0]: not zero, seen 65536: passed',
    'counts[0]: not zero, seen 0: failed',
    'counts[0]: 3, seen 3: passed',
    'counts[0]: 3, seen 4: failed',
    'counts[0]: hex:00ff10, seen hex:00ff10: passed',
    'counts[0]: hex:00ff10, seen hex:00ff11: failed',
    `counts[0]: not zero, seen hex:${'01'.repeat(32)}...: passed`,
    `counts[0]: not zero, seen hex:${'01'.repeat(32)}: passed`,
    'counts[0]: not zero, seen EACCES: failed',
  ]);
});

test('a value of a map is read at its offset, and each value of a per-CPU map at a multiple of eight bytes', () => {
  const bytes = Buffer.from([1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0]);
  const small = (offset: number): PlannedCheck => ({
    kind: 'bytes',
    program: null,
    what: 'v',
    map: 'counts',
    key: u64(0),
    offset,
    size: 1,
    expected: { atLeast: 4 },
  });
  expect([
    outcome(small(3), value(bytes)),
    outcome(small(2), value(bytes)),
    ...['percpu_hash', 'percpu_array', 'lru_percpu_hash', 'percpu_cgroup_storage'].map((type) => outcome(small(0), value(bytes), type)),
    outcome(
      at({ equals: Buffer.from([5, 6, 7, 8, 0, 0, 0, 0, 0]), shown: 'hex:0506070800' }, 9),
      value(Buffer.concat([bytes, bytes])),
      'percpu_hash',
    ),
    outcome(at({ notZero: true }, null), value(Buffer.from([9])), 'percpu_hash'),
    outcome(at({ notZero: true }, 0), value(Buffer.from([9])), 'percpu_hash'),
  ]).toEqual([
    'v: at least 4, seen 4: passed',
    'v: at least 4, seen 3: failed',
    ...Array.from({ length: 4 }, () => 'v: at least 4, seen 6: passed'),
    'counts[0]: hex:0506070800, seen hex:010203040000000005, hex:010203040000000005: failed',
    'counts[0]: not zero, seen 9: passed',
    'counts[0]: not zero, seen hex:: failed',
  ]);
});

test('a check of runs or events compares their number', () => {
  const runs: PlannedCheck = { kind: 'runs', program: 'p', atLeast: 2 };
  const events: PlannedCheck = { kind: 'events', program: null, map: 'rb', atLeast: 2 };
  const counted = (count: number, errno = 0) => ({ events: new Map([[0, { errno, count }]]) });
  expect([
    outcome(runs, { runs: new Map([['p', 2]]) }),
    outcome(runs, { runs: new Map([['p', 1]]) }),
    outcome(runs, {}),
    outcome({ ...runs, atLeast: 0 }, {}),
    outcome(events, counted(2)),
    outcome(events, counted(1)),
    outcome(events, counted(5, 22)),
  ]).toEqual([
    'runs of p: at least 2, seen 2: passed',
    'runs of p: at least 2, seen 1: failed',
    'runs of p: at least 2, seen not counted by this kernel: failed',
    'runs of p: at least 0, seen not counted by this kernel: failed',
    'events in rb: at least 2, seen 2: passed',
    'events in rb: at least 2, seen 1: failed',
    'events in rb: at least 2, seen EINVAL: failed',
  ]);
});

const TEST_RUN = { kind: 'test-run', program: 'p', repeat: 1, data: Buffer.alloc(0), context: Buffer.alloc(0) } as const;
const COMMAND: RunCheckPlan['triggers'][number] = { kind: 'command', settings: { argv: ['./bin/ping', '-c', '1'] } };

test('a test run must return the expected value each time', () => {
  const judged = (returned: [number, number][]) => {
    const plan: RunCheckPlan = {
      triggers: [TEST_RUN, { kind: 'built-in', name: 'open' }, TEST_RUN, { ...TEST_RUN, program: 'q' }],
      checks: [{ kind: 'returns', program: 'p', returned: 2 }],
    };
    const triggered = new Map(returned.map(([errno, number], index) => [index, { errno, returned: number }]));
    const [check] = judgeRunCheck(plan, { ...NO_FACTS, triggered }, [], ['p']).checks;
    return `${check?.what}: ${check?.expected}, seen ${check?.seen}: ${check?.passed}`;
  };
  expect([
    judged([
      [0, 2],
      [0, 9],
      [0, 2],
      [0, 9],
    ]),
    judged([
      [0, 2],
      [0, 9],
      [0, 3],
      [0, 9],
    ]),
    judged([
      [0, 2],
      [0, 9],
      [22, 2],
      [0, 9],
    ]),
    judged([[0, 2]]),
    judged([]),
  ]).toEqual([
    'return value of p: 2, seen 2: true',
    'return value of p: 2, seen 2, 3: false',
    'return value of p: 2, seen 2: false',
    'return value of p: 2, seen 2: false',
    'return value of p: 2, seen no test run: false',
  ]);
});

test('a program without a test run has no return value', () => {
  const check: PlannedCheck = { kind: 'returns', program: 'p', returned: 0 };
  expect(outcome(check, {})).toBe('return value of p: 0, seen no test run: failed');
});

test('a failed test run fails only its own program, and its program must have run', () => {
  const plan: RunCheckPlan = { triggers: [TEST_RUN], checks: [] };
  const runs = new Map([['p', 0]]);
  const broken = judgeRunCheck(plan, { ...NO_FACTS, triggered: new Map([[0, { errno: 22, returned: 0 }]]), runs }, [], ['q']);
  expect([broken.failureOf('p')?.reason, broken.failureOf('q')]).toEqual(['trigger test_run of p: EINVAL', null]);
  const well = judgeRunCheck(plan, { ...NO_FACTS, runs }, [], ['q', 'p']);
  expect([well.checks.length, well.failureOf('p')?.reason, well.failureOf('q'), well.runsOf('p'), well.runsOf('q')]).toEqual([
    1,
    'runs of p after test_run of p: expected at least 1, seen 0',
    null,
    0,
    null,
  ]);
});

test.each([
  [{ end: 'exited', value: 0, said: 'fine' }, undefined],
  [{ end: 'exited', value: 2, said: '' }, 'trigger ping: exits with status 2'],
  [{ end: 'exited', value: 2, said: 'no route' }, 'trigger ping: exits with status 2: no route'],
  [{ end: 'killed', value: 0, said: '' }, 'trigger ping: is killed by signal 0'],
  [{ end: 'timed-out', value: 1500, said: 'x' }, 'trigger ping: did not end within 1.5 s'],
  [{ end: 'not-started', value: 13, said: 'x' }, 'trigger ping: cannot be started: EACCES'],
  [null, 'trigger ping: did not run'],
] as const)('a trigger command that ended with %j gives the reason %j', (ended, reason) => {
  const plan: RunCheckPlan = { triggers: [COMMAND], checks: [] };
  const commands = new Map(ended ? [[0, ended]] : []);
  expect(judgeRunCheck(plan, { ...NO_FACTS, commands }, [], []).failureOf('p')?.reason).toBe(reason);
});

test('a failed check of one program fails only that program, and a check without a program fails all', () => {
  const missing = (program: string | null): PlannedCheck => ({
    kind: 'bytes',
    program,
    what: 'counts[0]',
    map: 'counts',
    key: u64(0),
    offset: 0,
    size: 8,
    expected: { notZero: true },
  });
  const own = judge([missing('p')], {});
  const shared = judge([missing(null)], {});
  const failure = { stage: 'run', class: 'run-failed', errno: 0, reason: 'counts[0] after open: expected not zero, seen no value' };
  expect([own.failureOf('p'), own.failureOf('q'), shared.failureOf('q')]).toEqual([failure, null, failure]);
});

test('the values of all processors count together, and a value that is cut is no number', () => {
  const perCpu = (check: PlannedCheck, bytes: Buffer) => outcome(check, value(bytes), 'percpu_array');
  const cut = Buffer.concat([u64(1), Buffer.alloc(3)]);
  const equals = (number: number, shown: string) => at({ equals: u64(number), shown });
  expect([
    perCpu(at({ notZero: true }), u64(0, 1)),
    perCpu(at({ notZero: true }), cut),
    perCpu(at({ atLeast: 1 }), cut),
    perCpu(equals(3, '3'), u64(3, 5)),
    perCpu(equals(15, '15'), u64(7, 8)),
    perCpu(equals(15, '-15'), u64(7, 8)),
    perCpu(equals(3, 'hex:0300000000000000'), u64(1, 2)),
    perCpu(equals(3, '3com'), u64(1, 2)),
    perCpu(equals(3, 'text'), u64(5, 3)),
  ]).toEqual([
    'counts[0]: not zero, seen 1: passed',
    'counts[0]: not zero, seen hex:0100000000000000, hex:000000: passed',
    'counts[0]: at least 1, seen hex:0100000000000000, hex:000000, not a number: failed',
    'counts[0]: 3, seen 3: passed',
    'counts[0]: 15, seen 15: passed',
    'counts[0]: -15, seen 15: passed',
    'counts[0]: hex:0300000000000000, seen hex:0100000000000000, hex:0200000000000000: failed',
    'counts[0]: 3com, seen hex:0100000000000000, hex:0200000000000000: failed',
    'counts[0]: text, seen text: passed',
  ]);
});

test('only the type of its own map makes a value per-CPU', () => {
  const plan: RunCheckPlan = { triggers: [], checks: [at({ atLeast: 3 })] };
  const seen = (...maps: { name: string; type: string }[]) =>
    judgeRunCheck(plan, { ...NO_FACTS, ...value(u64(1, 2)) }, maps, []).checks.map((check) => check.seen)[0];
  const other = { name: 'other', type: 'percpu_array' };
  expect([seen(), seen(other), seen(other, { name: 'counts', type: 'array' }), seen({ name: 'counts', type: 'percpu_array' })]).toEqual([
    '1',
    '1',
    '1',
    '3',
  ]);
});

test('events that the guest did not count fail their check', () => {
  const events: PlannedCheck = { kind: 'events', program: null, map: 'rb', atLeast: 0 };
  expect(outcome(events, {})).toBe('events in rb: at least 0, seen errno 0: failed');
});

test('without planned checks, each program of a test run must have run, also if it is not attached', () => {
  const plan: RunCheckPlan = { triggers: [TEST_RUN, COMMAND, { kind: 'built-in', name: 'open' }], checks: [] };
  const runs = new Map([
    ['p', 0],
    ['q', 1],
  ]);
  expect(judgeRunCheck(plan, { ...NO_FACTS, runs }, [], ['q']).checks.map(({ what, passed }) => [what, passed])).toEqual([
    ['runs of q', true],
    ['runs of p', false],
  ]);
});

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

test('a missing value and a value that is not a number fail their checks', () => {
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

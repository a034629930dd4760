// Compares the planned triggers and checks of a run check with the guest's observations.
import { basename } from 'node:path';
import type { RunCheckPlan } from '../plan/object-settings/run-check-plan.ts';
import type { PlannedCheck } from '../plan/settings/check/planned-check.ts';
import type { PlannedTrigger } from '../plan/settings/trigger/planned-trigger.ts';
import { errnoName } from '../logs/libbpf/errno.ts';
import type { CellCheck } from '../results/schema.ts';
import { howEnded } from './evidence/command-end.ts';
import type { RunCheckFacts, TriggerEnd } from './evidence/evidence.ts';
import { oneLine } from './failure.ts';
import type { Failure } from './rules/context.ts';

export interface JudgedRunCheck {
  checks: CellCheck[];
  /** The failure of a program that was loaded and attached; null if it passed. */
  failureOf: (program: string) => Failure | null;
  /** Number of runs of a program; null if the kernel did not count them. */
  runsOf: (program: string) => number | null;
}

const PER_CPU: ReadonlySet<string> = new Set(['percpu_hash', 'percpu_array', 'lru_percpu_hash', 'percpu_cgroup_storage']);
const MAX_SHOWN = 32;

function nameOf(trigger: PlannedTrigger): string {
  if (trigger.kind === 'built-in') return trigger.name;
  return trigger.kind === 'command' ? basename(trigger.settings.argv[0] ?? '') : `test_run of ${trigger.program}`;
}

function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, MAX_SHOWN)).toString('hex');
  return `hex:${shown}${bytes.length > MAX_SHOWN ? '...' : ''}`;
}

/** A little-endian number of 1, 2, 4 or 8 bytes; null for anything else. */
function numberIn(bytes: Uint8Array): bigint | null {
  if (![1, 2, 4, 8].includes(bytes.length)) return null;
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** The value, or one value for each processor. Per-CPU values start at multiples of eight bytes. */
function valuesIn(bytes: Uint8Array, { offset, size }: Extract<PlannedCheck, { kind: 'bytes' }>, perCpu: boolean): Uint8Array[] {
  if (!perCpu || size === null || size === 0) return [bytes.subarray(offset, size === null ? undefined : offset + size)];
  const step = Math.ceil(size / 8) * 8;
  return Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) => bytes.subarray(index * step, index * step + size));
}

function valuesText(values: readonly Uint8Array[]): string {
  const numbers = values.map(numberIn);
  return numbers.every((number) => number !== null)
    ? numbers.reduce((sum, number) => sum + number, 0n).toString()
    : values.map(hex).join(', ');
}

function expectedText(expected: Extract<PlannedCheck, { kind: 'bytes' }>['expected']): string {
  if ('equals' in expected) return expected.shown;
  return 'atLeast' in expected ? `at least ${expected.atLeast}` : 'not zero';
}

function judgeBytes(
  check: Extract<PlannedCheck, { kind: 'bytes' }>,
  seen: { errno: number; value: Uint8Array } | undefined,
  perCpu: boolean,
) {
  const { expected, what } = check;
  const words = expectedText(expected);
  const result = (text: string, passed: boolean) => ({ what, expected: words, seen: text, passed });
  if (!seen) return result('no value', false);
  if (seen.errno !== 0) return result(errnoName(seen.errno) === 'ENOENT' ? 'no entry' : errnoName(seen.errno), false);
  const values = valuesIn(seen.value, check, perCpu);
  if ('notZero' in expected)
    return result(
      valuesText(values),
      values.some((value) => value.some((byte) => byte !== 0)),
    );
  if ('equals' in expected) {
    if (values.some((value) => Buffer.compare(value, expected.equals) === 0)) return result(expected.shown, true);
    const isNumber = /^-?\d+$/.test(expected.shown);
    return result(
      isNumber ? valuesText(values) : values.map(hex).join(', '),
      isNumber && valuesText(values) === valuesText([expected.equals]),
    );
  }
  const numbers = values.map(numberIn);
  if (numbers.some((number) => number === null)) return result(`${valuesText(values)}, not a number`, false);
  return result(valuesText(values), numbers.reduce((sum: bigint, number) => sum + (number ?? 0n), 0n) >= BigInt(expected.atLeast));
}

/** Input for judging checks. */
interface CheckContext {
  plan: RunCheckPlan;
  facts: RunCheckFacts;
  perCpu: (map: string) => boolean;
}

function judgeCheck(check: PlannedCheck, index: number, { plan, facts, perCpu }: CheckContext): CellCheck {
  const { program } = check;
  switch (check.kind) {
    case 'runs': {
      const runs = facts.runs.get(check.program);
      const seen = runs === undefined ? 'not counted by this kernel' : String(runs);
      return {
        program,
        what: `runs of ${check.program}`,
        expected: `at least ${check.atLeast}`,
        seen,
        passed: (runs ?? -1) >= check.atLeast,
      };
    }
    case 'returns': {
      const own = plan.triggers.flatMap((trigger, at) => (trigger.kind === 'test-run' && trigger.program === check.program ? [at] : []));
      const returned = own.flatMap((at) => facts.triggered.get(at) ?? []).filter(({ errno }) => errno === 0);
      const passed = own.length > 0 && returned.length === own.length && returned.every((each) => each.returned === check.returned);
      const seen = returned.length === 0 ? 'no test run' : [...new Set(returned.map((each) => each.returned))].join(', ');
      return { program, what: `return value of ${check.program}`, expected: String(check.returned), seen, passed };
    }
    case 'events': {
      const found = facts.events.get(index);
      const seen = found?.errno === 0 ? String(found.count) : errnoName(found?.errno ?? 0);
      return {
        program,
        what: `events in ${check.map}`,
        expected: `at least ${check.atLeast}`,
        seen,
        passed: found?.errno === 0 && found.count >= check.atLeast,
      };
    }
    case 'bytes':
      return { program, ...judgeBytes(check, facts.values.get(index), perCpu(check.map)) };
  }
}

function failed(reason: string, errno = 0): Failure {
  return { stage: 'run', class: 'run-failed', errno, reason: oneLine(reason) };
}

function commandFailure({ end, value, said }: TriggerEnd): string | null {
  if (end === 'exited' && value === 0) return null;
  if (end === 'timed-out') return `did not end within ${value / 1000} s`;
  if (end === 'not-started') return `cannot be started: ${errnoName(value)}`;
  const how = howEnded({ end, value });
  return said === '' ? how : `${how}: ${said}`;
}

function triggerFailure(trigger: PlannedTrigger, index: number, facts: RunCheckFacts): Failure | null {
  const broken = (what: string, errno = 0) => failed(`trigger ${nameOf(trigger)}: ${what}`, errno);
  if (trigger.kind === 'command') {
    const ended = facts.commands.get(index);
    const what = ended ? commandFailure(ended) : 'did not run';
    return what === null ? null : broken(what);
  }
  const pulled = facts.triggered.get(index);
  if (!pulled) return broken('did not run');
  return pulled.errno === 0 ? null : broken(errnoName(pulled.errno), pulled.errno);
}

/**
 * Judges a run check.
 * @param attached programs that were attached: if no checks are planned, each attached program and each program of a test run must have run
 */
export function judgeRunCheck(
  plan: RunCheckPlan,
  facts: RunCheckFacts,
  maps: readonly { name: string; type: string }[],
  attached: readonly string[],
): JudgedRunCheck {
  const perCpu = (map: string) => PER_CPU.has(maps.find(({ name }) => name === map)?.type ?? '');
  const tested = plan.triggers.flatMap((trigger) => (trigger.kind === 'test-run' ? [trigger.program] : []));
  const counted = [...new Set([...attached, ...tested])].filter((program) => facts.runs.has(program));
  const planned: readonly PlannedCheck[] =
    plan.checks.length > 0 ? plan.checks : counted.map((program): PlannedCheck => ({ kind: 'runs', program, atLeast: 1 }));
  const checks = planned.map((check, index) => judgeCheck(check, index, { plan, facts, perCpu }));
  const names = plan.triggers.map(nameOf).join(', ');
  const broken = plan.triggers.flatMap((trigger, index) => {
    const failure = triggerFailure(trigger, index, facts);
    return failure ? [{ trigger, failure }] : [];
  });
  return {
    checks,
    failureOf: (program) => {
      const trigger = broken.find((each) => each.trigger.kind !== 'test-run' || each.trigger.program === program);
      if (trigger) return trigger.failure;
      const check = checks.find((each) => !each.passed && (each.program === null || each.program === program));
      return check ? failed(`${check.what} after ${names}: expected ${check.expected}, seen ${check.seen}`) : null;
    },
    runsOf: (program) => facts.runs.get(program) ?? null,
  };
}

// What the object's own instructions add to a rejection: a test for null that comes too late, and the stack of each function.
import type { ExplainedObject, ProgramFailure } from './failures.ts';
import { testBehind } from './hoisted-check.ts';
import { deepestStack } from './stack-sizes.ts';
import { describeChange, LOOKUP_NOT_NULL } from './verifier-changes.ts';

const MAYBE_NULL = /null-check it first/;
const FROM_MAP = /\bmap_value_or_null\b/;
const STACK = /combined stack size of|stack size of subprog/;

export interface VerifierFindings {
  /** One sentence each. */
  hints: string[];
  /** Replaces the general advice; null to keep it. */
  advice: string | null;
}

const TESTED_TOO_LATE =
  'The compiler moved the addition to this pointer before the test for null. The verifier rejects that on every kernel on which the pointer may be null. Write barrier_var(POINTER) right behind the test, so that the addition stays behind it.';

/** The advice on a late test. Only a value from a map can be known not to be null. */
function onLateTest(reason: string): string {
  return FROM_MAP.test(reason) ? `${TESTED_TOO_LATE} ${describeChange(LOOKUP_NOT_NULL)}` : TESTED_TOO_LATE;
}

const NONE: VerifierFindings = { hints: [], advice: null };

/** Findings about a rejected program; none if the object's file is missing or shows nothing. */
export function verifierFindings(failure: ProgramFailure, objects: ReadonlyMap<string, ExplainedObject>): VerifierFindings {
  const { class: failureClass, object, program, reason, at } = failure;
  const bpf = objects.get(object)?.bpf;
  if (failureClass !== 'verifier-rejected' || !bpf) return NONE;
  const test = at && MAYBE_NULL.test(reason) ? testBehind(bpf, at) : null;
  if (at && test !== null) {
    return {
      hints: [`the pointer is tested at insn ${test}, behind the addition at insn ${at.insn}`],
      advice: onLateTest(reason),
    };
  }
  const sizes = STACK.test(reason) ? deepestStack(bpf, program) : [];
  return sizes.length === 0
    ? NONE
    : { hints: [`stack of each function: ${sizes.map(({ name, bytes }) => `${name} ${bytes} bytes`).join(', ')}`], advice: null };
}

// What the object's own instructions add to a rejection: a test for null that comes too late, and the stack of each function.
import type { ExplainedObject, ProgramFailure } from './failures.ts';
import { testBehind } from './hoisted-check.ts';
import { deepestStack } from './stack-sizes.ts';

const MAYBE_NULL = /null-check it first/;
const STACK = /combined stack size of|stack size of subprog/;

export interface VerifierFindings {
  /** One sentence each. */
  hints: string[];
  /** Replaces the general advice; null to keep it. */
  advice: string | null;
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
      advice:
        'The compiler moved the addition to this pointer before the test for null. Newer verifiers accept that, this one does not. Write barrier_var(POINTER) right behind the test, so that the addition stays behind it.',
    };
  }
  const sizes = STACK.test(reason) ? deepestStack(bpf, program) : [];
  return sizes.length === 0
    ? NONE
    : { hints: [`stack of each function: ${sizes.map(({ name, bytes }) => `${name} ${bytes} bytes`).join(', ')}`], advice: null };
}

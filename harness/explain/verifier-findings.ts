// What the object's own instructions add to a rejection: a test for null that comes too late, a call that ends a pointer, and the stack of each function.
import type { ExplainedObject, ProgramFailure } from './failures.ts';
import { type EndedPointer, endedBefore } from './ended-pointer.ts';
import { addressFromMap } from './map-address.ts';
import { testBehind } from './hoisted-check.ts';
import { deepestStack } from './stack-sizes.ts';
import { describeChange, LOOKUP_NOT_NULL } from './verifier-changes.ts';

const MAYBE_NULL = /null-check it first/;
const FROM_MAP = /\bmap_value_or_null\b/;
/** The verifier sees a number where the program uses a pointer: in an access, or in the first argument of a call. */
const NUMBER = /invalid mem access '(?:inv|scalar)'|\bR1 type=(?:inv|scalar) expected=/;
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

/** The advice on the use of a pointer behind a call. */
const ON_ENDED = {
  release: (call) =>
    `${call}() gives the memory back, and the pointer to it is only a number after the call. Read, write and pass it only before the call.`,
  move: (call) =>
    `${call}() may move the packet, so all addresses of it that the program knows are only numbers after the call. Read data and data_end from the context again behind the call, and compare them again.`,
} as const satisfies Record<EndedPointer['by'], (call: string) => string>;

/** @see enum btf_field_type in include/linux/bpf.h */
const ADDRESS_IN_MAP =
  'To the verifier, an address in the value of a map is a number, unless the BTF of the object marks the field: __kptr (since Linux 5.19), or __uptr in the storage of a task (since Linux 6.13). Some compilers drop the mark: "bpftool btf dump file OBJECT" shows it as TYPE_TAG. Read the memory of any other address with bpf_probe_read_kernel() or bpf_probe_read_user().';

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
  const ended = at && NUMBER.test(reason) ? endedBefore(bpf, at, program) : null;
  if (at && ended) {
    const hint = `${program}: the pointer that insn ${at.insn} uses ended at insn ${ended.insn}, which calls ${ended.call}()`;
    return { hints: [hint], advice: ON_ENDED[ended.by](ended.call) };
  }
  const stored = at && NUMBER.test(reason) ? addressFromMap(bpf, at) : null;
  if (at && stored) {
    const hint = `${program}: the address that insn ${at.insn} uses is read at insn ${stored.insn} from the value of a map, which ${stored.call}() found`;
    return { hints: [hint], advice: ADDRESS_IN_MAP };
  }
  const sizes = STACK.test(reason) ? deepestStack(bpf, program) : [];
  return sizes.length === 0
    ? NONE
    : { hints: [`stack of each function: ${sizes.map(({ name, bytes }) => `${name} ${bytes} bytes`).join(', ')}`], advice: null };
}

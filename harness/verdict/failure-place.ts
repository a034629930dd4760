// Where the verifier stopped: from an instruction of the final program back to the object's own and to its source line.
import type { LineOf } from '../bpf/object/source-line.ts';
import { placeOf } from './relocations/poison.ts';
import type { FailurePlace } from '../results/schema.ts';
import type { ReadAttempt } from './evidence/attempt.ts';

/** Register states can be as long as a program. */
const MAX_STATE = 300;

/**
 * The instruction that ended an attempt, null when none did.
 * @param lineOf finds source lines by the object's line information; without it, what the kernel printed has to do
 */
export function failurePlace({ log, rejected }: ReadAttempt, lineOf: LineOf | null): FailurePlace | null {
  const verifier = rejected?.verifier;
  if (!rejected || !verifier || verifier.insn === null) return null;
  const { program, insn } = placeOf(log, rejected.program, verifier.insn);
  const { source, state, insnText } = verifier;
  const printed =
    source && source.file !== null && source.line !== null ? { file: source.file, line: source.line, text: source.text } : null;
  return {
    program,
    insn,
    text: insnText,
    state: state !== null && state.length > MAX_STATE ? `${state.slice(0, MAX_STATE - 3)}...` : state,
    source: lineOf?.(program, insn) ?? (printed && { ...printed, exact: true }),
  };
}

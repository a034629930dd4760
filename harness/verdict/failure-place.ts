// Finds where the verifier stopped: maps an instruction of the final program to the object's instruction and source line.
import type { LineOf } from '../bpf/object/source-line.ts';
import { placeOf } from './relocations/poison.ts';
import type { FailurePlace } from '../results/schema.ts';
import type { ReadAttempt } from './evidence/attempt.ts';

/** Maximum length of a register state, which can be as long as a program. */
const MAX_STATE = 300;

/**
 * Returns the instruction that ended an attempt, or null.
 * @param lineOf finds source lines by the object's line information; if null, the line that the kernel printed is used
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

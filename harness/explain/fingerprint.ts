// The name of a root cause: the same for every program that runs into it, on every kernel, in every run.
import { createHash } from 'node:crypto';
import { essentialName } from '../bpf/btf/essential-name.ts';
import { type FailureClass, isRelocationFailure } from '../base/failures.ts';

const LENGTH = 12;
/** What is missing, before anything is said about it. */
const NAMED = /^(?:kfunc|kernel symbol|kernel configuration|attach target|struct_ops type|struct_ops member|helper|program type) [\w.#]+/;
const IDENTIFIER = /[A-Za-z_]\w*/g;

/** An access without flavors: `task_struct___old.state` is `task_struct.state`. */
export function withoutFlavors(access: string): string {
  return access.replaceAll(IDENTIFIER, essentialName);
}

/**
 * What a failure is about, without what differs from program to program and kernel to kernel: flavors, source lines, instructions,
 * registers, numbers.
 * @param reason in the words of a verdict or prediction: one line
 */
export function subjectOf(failure: FailureClass, reason: string): string {
  const access = /^(.+?): /.exec(reason)?.[1];
  if (isRelocationFailure(failure) && access !== undefined) return withoutFlavors(access);
  const mapType = failure === 'map-type-unsupported' ? /^map '[^']*' \((\w+)\)/.exec(reason)?.[1] : undefined;
  if (mapType !== undefined) return `map type ${mapType}`;
  const named = NAMED.exec(reason)?.[0];
  if (named !== undefined) return named;
  return reason
    .replaceAll(/\(?[\w./-]+\.c:\d+\)?/g, '')
    .replaceAll(/ at insn \d+/g, '')
    .replaceAll(/\bR\d+\b/g, 'R')
    .replaceAll(/\b\d+\b/g, 'N')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Twelve hexadecimal digits for a class and what the failure is about. */
export function fingerprintOf(failure: FailureClass, subject: string): string {
  return createHash('sha256').update(`${failure}\n${subject}`).digest('hex').slice(0, LENGTH);
}

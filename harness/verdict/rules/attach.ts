// Failures to attach: which class an error number gives, and the words of a loader that could not attach.
import { errnoName, errnoOf } from '../../logs/libbpf/errno.ts';
import type { FailureClass } from '../../base/failures.ts';
import type { Finding, FailureContext } from './context.ts';

/** The errors of the kernel and of the C library for a target that does not exist. */
export const MISSING_TARGET: ReadonlySet<string> = new Set(['ENOENT', 'ESRCH', 'ENODEV']);

const CLASSES: Readonly<Partial<Record<string, FailureClass>>> = { EPERM: 'permission', EACCES: 'permission', ENOMEM: 'resource-limit' };

/** The class of a failure to attach, by the name of its error: `ENOENT`. */
export function attachClass(error: string): FailureClass {
  return MISSING_TARGET.has(error) ? 'attach-target-missing' : (CLASSES[error] ?? 'attach-failed');
}

/** Follows the line that names the cause. */
const CONSEQUENCE = /: failed to (?:auto-)?attach: /;

const NO_MATCH = /failed to find a unique match for .* \(0 matches\)$/;

/** A program or a map that could not be attached, in libbpf's words. Only a custom loader attaches before it ends. */
export function attachFailed({ attempt }: FailureContext): Finding | null {
  if (attempt.log.ended !== 'attach') return null;
  const lines = attempt.log.failures.flatMap(({ topic, text }) => (topic === 'attach' ? [text] : []));
  const cause = lines.findLast((text) => !CONSEQUENCE.test(text)) ?? lines.at(-1);
  if (cause === undefined) return null;
  const number = [cause, ...lines.toReversed()]
    .map((text) => errnoOf(text.slice(text.lastIndexOf(': ') + 2)))
    .find((each) => each !== null);
  const failureClass = NO_MATCH.test(cause) ? 'attach-target-missing' : attachClass(number === undefined ? '' : errnoName(number ?? 0));
  return { stage: 'attach', class: failureClass, reason: cause };
}

// Why an attempt failed: the first rule that finds its facts decides, the most specific first, plain text last.
import { errnoName } from '../logs/libbpf/errno.ts';
import type { Stage } from '../base/vocabulary.ts';
import type { LoadAttempt } from './evidence/evidence.ts';
import type { Failure } from './rules/context.ts';
import type { FailureContext, Finding, Rule } from './rules/context.ts';
import { mapNotCreated } from './rules/maps.ts';
import { objectInvalid, openFailed, settingRefused } from './rules/object.ts';
import { attachTargetMissing, lockedDown, notPermitted, refusedUnverified } from './rules/program.ts';
import { btfMissing, externMissing, relocationAborted } from './rules/relocate.ts';
import { poisonReached, verifierCause, verifierRejected } from './rules/verifier.ts';

const RULES: readonly Rule[] = [
  openFailed,
  settingRefused,
  btfMissing,
  externMissing,
  relocationAborted,
  mapNotCreated,
  objectInvalid,
  attachTargetMissing,
  poisonReached,
  lockedDown,
  verifierCause,
  notPermitted,
  verifierRejected,
  refusedUnverified,
];

const STAGE_OF = { open: 'open', prepare: 'relocate', load: 'verify', done: 'verify' } as const satisfies Record<
  LoadAttempt['reached'],
  Stage
>;

/** Nothing fits: what libbpf said last, and the error. */
function unexplained({ attempt }: FailureContext): Finding {
  const error = errnoName(attempt.errno);
  const said = attempt.log.warnings.findLast((text) => !text.startsWith('failed to load '));
  return {
    stage: STAGE_OF[attempt.reached],
    class: 'unknown',
    reason: said === undefined ? `the load fails with ${error}` : `${said} (${error})`,
  };
}

/** Reasons go into tables, attributes and one-line formats. */
const MAX_REASON = 400;

/** Text without line breaks, cut where it is too long for a table. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MAX_REASON ? `${line.slice(0, MAX_REASON - 3)}...` : line;
}

/** Judges one failed attempt. */
export function failureOf(context: FailureContext): Failure {
  for (const rule of RULES) {
    const finding = rule(context);
    if (finding) return { ...finding, reason: oneLine(finding.reason), errno: context.attempt.errno };
  }
  const finding = unexplained(context);
  return { ...finding, reason: oneLine(finding.reason), errno: context.attempt.errno };
}

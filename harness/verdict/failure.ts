// Decides why an attempt failed. Rules run from the most specific to the most general; the first that matches decides.
import { errnoName } from '../logs/libbpf/errno.ts';
import type { Stage } from '../base/vocabulary.ts';
import type { LoadAttempt } from './evidence/evidence.ts';
import type { Failure } from './rules/context.ts';
import type { FailureContext, Finding, Rule } from './rules/context.ts';
import { attachFailed, functionWithoutAddress } from './rules/attach.ts';
import { mapNotCreated } from './rules/maps.ts';
import { objectInvalid, openFailed, settingRefused, targetNotGiven, targetRefused } from './rules/object.ts';
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
  targetNotGiven,
  targetRefused,
  attachFailed,
  attachTargetMissing,
  poisonReached,
  lockedDown,
  functionWithoutAddress,
  verifierCause,
  notPermitted,
  verifierRejected,
  refusedUnverified,
];

const STAGE_OF = { open: 'open', prepare: 'relocate', load: 'verify', done: 'verify' } as const satisfies Record<
  LoadAttempt['reached'],
  Stage
>;

/** The failure if no rule matches: the last message of libbpf, and the error. */
function unexplained({ attempt }: FailureContext): Finding {
  const error = errnoName(attempt.errno);
  const said = attempt.log.warnings.findLast((text) => !text.startsWith('failed to load '));
  return {
    stage: STAGE_OF[attempt.reached],
    class: 'unknown',
    reason: said === undefined ? `the load fails with ${error}` : `${said} (${error})`,
  };
}

/** Maximum length of a reason, because tables, attributes and one-line formats show it. */
const MAX_REASON = 400;

/** Joins the lines of a text and cuts it to the maximum length of a reason. */
export function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > MAX_REASON ? `${line.slice(0, MAX_REASON - 3)}...` : line;
}

/** Finds the failure of one attempt that did not load. */
export function failureOf(context: FailureContext): Failure {
  for (const rule of RULES) {
    const finding = rule(context);
    if (finding) return { ...finding, reason: oneLine(finding.reason), errno: context.attempt.errno };
  }
  const finding = unexplained(context);
  return { ...finding, reason: oneLine(finding.reason), errno: context.attempt.errno };
}

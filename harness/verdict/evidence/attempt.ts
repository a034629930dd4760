// One load attempt with its log parsed. Verdicts and relocation records are made from it.
import type { LoaderLog } from '../../logs/loader-log.ts';
import { parseLibbpfLog } from '../../logs/libbpf/parse.ts';
import { parseVerifierLog, type VerifierLog } from '../../logs/verifier/parse.ts';
import type { LoadAttempt } from './evidence.ts';
import { reportedFacts, type ReportedObject } from './reported-facts.ts';

export interface ReadAttempt {
  /** Null: the whole object. */
  program: string | null;
  reached: LoadAttempt['reached'];
  errno: number;
  log: LoaderLog;
  /** The program that ended the attempt, with its verifier log; null if none did. */
  rejected: { program: string; verifier: VerifierLog | null } | null;
}

/** libbpf stops at the first program that fails. So only the last program in the log can have failed. */
function rejectedProgram(attempt: LoadAttempt, log: LoaderLog): ReadAttempt['rejected'] {
  if (attempt.reached === 'done') return null;
  const facts = log.programs.findLast((each) => each.error !== null || each.missingTarget !== null);
  const program = facts?.program ?? attempt.program;
  if (!facts || program === null) return null;
  return { program, verifier: facts.verifierLog === null ? null : parseVerifierLog(facts.verifierLog) };
}

/**
 * Reads the facts of an attempt: from the log of libbpf, or from the report of a loader program. Never throws.
 * @param object what a report does not tell
 */
export function readAttempt(attempt: LoadAttempt, object: ReportedObject): ReadAttempt {
  const log = attempt.reported ? reportedFacts(attempt.reported, object) : parseLibbpfLog(attempt.log);
  return { program: attempt.program, reached: attempt.reached, errno: attempt.errno, log, rejected: rejectedProgram(attempt, log) };
}

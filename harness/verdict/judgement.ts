// The judgement of a cell: a verdict for the object, one for each program, and the relocation records.
import type { CellCheck, CellRelocation, FailurePlace } from '../results/schema.ts';
import type { FailureClass } from '../base/failures.ts';
import type { Stage } from '../base/vocabulary.ts';

/** Unchanged log texts; null if there is no log. */
export interface JudgementLogs {
  loader: string | null;
  verifier: string | null;
}

export interface ProgramJudgement {
  name: string;
  /** `skip`: the program does not load by default, or was left out for a reason. */
  status: 'pass' | 'fail' | 'skip';
  stage: Stage | null;
  class: FailureClass | null;
  errno: number | null;
  reason: string | null;
  /** The instruction at which the verifier stopped, or null. */
  at: FailurePlace | null;
  /** Whether the program was attached; null if it was not to be attached, or if attaching failed. */
  attached: boolean | null;
  /** Number of runs; null if there was no run check, or if the kernel does not count runs. */
  runs: number | null;
  /** Logs of the program's own attempt; null if there was none. */
  logs: JudgementLogs;
}

export interface CellJudgement {
  status: 'pass' | 'fail';
  stage: Stage | null;
  class: FailureClass | null;
  reason: string | null;
  /** Names of the chosen alternatives. */
  chosen: string[];
  /** In the order of the object. */
  programs: ProgramJudgement[];
  /** One entry for each relocation of the object, in its order. */
  relocations: CellRelocation[];
  /** Checks after a run; empty without a run check. */
  checks: CellCheck[];
  /** Logs of the attempt with the whole object. */
  logs: JudgementLogs;
}

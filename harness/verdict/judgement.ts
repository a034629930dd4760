// What is made of a cell's evidence: a verdict for the object, one for each program, and the ledger of its relocations.
import type { CellCheck, CellRelocation, FailurePlace } from '../results/schema.ts';
import type { FailureClass } from '../base/failures.ts';
import type { Stage } from '../base/vocabulary.ts';

/** Texts as they were printed; null where there is none. */
export interface JudgementLogs {
  libbpf: string | null;
  verifier: string | null;
}

export interface ProgramJudgement {
  name: string;
  /** `skip`: it does not load by default, or was left out for a reason. */
  status: 'pass' | 'fail' | 'skip';
  stage: Stage | null;
  class: FailureClass | null;
  errno: number | null;
  reason: string | null;
  /** The instruction the verifier stopped at, null when it stopped at none. */
  at: FailurePlace | null;
  /** Whether it was attached; null where that was not asked for or failed. */
  attached: boolean | null;
  /** How often it ran; null where nothing was run, or the kernel does not count it. */
  runs: number | null;
  /** Of the program's own attempt; null texts when it had none. */
  logs: JudgementLogs;
}

export interface CellJudgement {
  status: 'pass' | 'fail';
  stage: Stage | null;
  class: FailureClass | null;
  reason: string | null;
  /** What was chosen of alternatives, by name. */
  chosen: string[];
  /** In the order of the object. */
  programs: ProgramJudgement[];
  /** One entry for each relocation of the object, in its order. */
  relocations: CellRelocation[];
  /** What was checked after a run; empty where nothing was. */
  checks: CellCheck[];
  /** Of the attempt with the whole object. */
  logs: JudgementLogs;
}

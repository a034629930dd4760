// The prediction for one object on one kernel.
import type { CellRelocation } from '../results/schema.ts';
import type { PredictedLog } from '../core-relo/log.ts';
import type { Finding, PredictedFailure } from './findings/finding.ts';

export interface PredictedProgram {
  name: string;
  /** True if the object is damaged and its loader may read it otherwise. Then nothing is certain, and any failure may occur. */
  isDamaged: boolean;
  /** The certain failure; null if BTF shows none. The program may still fail for a reason that BTF does not contain. */
  failure: PredictedFailure | null;
  /** The failure if the verifier reaches an instruction that it may or may not reach, or if no module provides what the kernel lacks. */
  possible: PredictedFailure | null;
  /**
   * All findings except relocations, in the order in which a load shows them. Each shows only after those before it are fixed. Relocations
   * of a damaged object are among them, because its loader may read them otherwise.
   */
  findings: ProgramFinding[];
}

/** `at` is the instruction; null if the finding is not about one. */
export interface ProgramFinding extends Finding {
  at: { program: string; insn: number } | null;
}

/** A predicted load of the whole object (null), or of one program alone. */
export interface PredictedAttempt {
  program: string | null;
  /** 0, or the positive error number of the load before libbpf calls the kernel. */
  errno: number;
  /** Returns the lines that libbpf would print. It predicts the load again, because all lines of a large object need gigabytes. */
  log: () => PredictedLog;
}

export interface PredictedCell {
  programs: PredictedProgram[];
  /** One record for each relocation of the object, with the fields of observed records. */
  relocations: CellRelocation[];
  /** Predicted loads in the order of a run, the whole object first. */
  loads: PredictedAttempt[];
}

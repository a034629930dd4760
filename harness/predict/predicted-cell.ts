// What is predicted of one object on one kernel.
import type { CellRelocation } from '../results/schema.ts';
import type { PredictedLoad } from '../core-relo/relocate.ts';
import type { Finding, PredictedFailure } from './findings/finding.ts';

export interface PredictedProgram {
  name: string;
  /** Null when nothing in BTF makes it fail for certain; it may still fail for a reason BTF does not tell. */
  failure: PredictedFailure | null;
  /** The reason it fails for if the verifier comes to an instruction of which it is not known whether it does. */
  possible: PredictedFailure | null;
  /** Everything but relocations that stands against it, in the order in which it would show; each shows once those before are mended. */
  findings: ProgramFinding[];
}

/** `at` is the instruction, where there is one. */
export interface ProgramFinding extends Finding {
  at: { program: string; insn: number } | null;
}

export interface PredictedCell {
  programs: PredictedProgram[];
  /** In the shape of an observed ledger: one for each relocation of the object. */
  relocations: CellRelocation[];
  /** Loads in the order in which a run would make them, the whole object first; with the lines libbpf would print. */
  loads: PredictedLoad[];
}

// What an explanation consists of; `corematrix explain --json` writes it as it is.
import type { FailurePlace, ObjectRelocation, SourceLine } from '../results/schema.ts';
import type { FailureClass, Reached } from '../results/words.ts';
import type { Alternative } from './nearest.ts';

/** Raised when the meaning of a field changes. */
export const EXPLANATION_VERSION = 2;

/** A program that runs into a root cause, at one place in its source. */
export interface CausePlace {
  object: string;
  program: string;
  /** Null for what is no relocation. */
  relocation: Pick<ObjectRelocation, 'index' | 'section' | 'kind' | 'access' | 'spec'> | null;
  /** Of the relocation, else of the instruction the verifier stopped at. */
  source: SourceLine | null;
  /** The instruction the verifier stopped at and what registers held, on the first of the kernels; null where it stopped at none. */
  at: Omit<FailurePlace, 'source'> | null;
  /** Kernels on which this is what the program failed with. */
  fails: string[];
  /** Kernels on which it stands behind another failure of the program. */
  behind: string[];
  /** Whether the verifier comes to it, where that differs from kernel to kernel the gravest. */
  reached: Reached | null;
}

/** What kernels have instead, those of which the same can be said together. */
export interface CauseSituation {
  kernels: string[];
  summary: string;
  alternatives: Omit<Alternative, 'score'>[];
  hints: string[];
  /** Lines it rests on, of the first of the kernels. */
  evidence: string[];
  /** Where the last of those lines stands in the logs of the run; null where it is from none. */
  log: LogLine | null;
}

/** A line of a log of a cell, or of one of its programs. */
export interface LogLine {
  kernel: string;
  object: string;
  program: string | null;
  kind: 'libbpf' | 'verifier';
  /** From 1. */
  line: number;
}

/** Which kernels of the matrix have what is missing, as their BTF says. */
export interface CausePresence {
  first: string | null;
  last: string | null;
  /** Without it, though one before and one after have it. */
  gaps: string[];
  has: string[];
  hasNot: string[];
}

export interface RootCause {
  fingerprint: string;
  class: FailureClass;
  /** `task_struct.state`, `helper bpf_x#200`, or a reason without numbers. */
  subject: string;
  certainty: 'seen' | 'certain' | 'possible';
  places: CausePlace[];
  situations: CauseSituation[];
  presence: CausePresence | null;
  /** A change of the catalogue, by its id and in words. */
  known: { id: string; text: string } | null;
  /** What the load has not come to because of it, in words; null where it hides nothing. */
  hides: string | null;
  /** C that can be pasted; null where there is none to give. */
  snippet: string | null;
  /** What to do besides or instead, a line each. */
  advice: string[];
}

/** A place in a source that loads and reads something else than was compiled. */
export interface SilentPlace {
  object: string;
  program: string;
  relocation: Pick<ObjectRelocation, 'index' | 'section' | 'kind' | 'access' | 'spec'>;
  source: SourceLine | null;
  what: string;
  kernels: string[];
}

/** A check by which code keeps away from what a kernel does not have. */
export interface Guard {
  relocation: Pick<ObjectRelocation, 'index' | 'section' | 'kind' | 'access' | 'spec'>;
  source: SourceLine | null;
  /** What it answers there, decimal. */
  value: string;
}

/** A relocation without target that does no harm: the verifier does not come to it. */
export interface GuardedPlace {
  object: string;
  program: string;
  relocation: Pick<ObjectRelocation, 'index' | 'section' | 'kind' | 'access' | 'spec'>;
  source: SourceLine | null;
  kernels: string[];
  /** Those that keep it out together; [] where it is something else than a check by relocation: a constant, a version, an unused function. */
  guards: Guard[];
}

export interface ExplainedKernel {
  id: string;
  /** How it is called where there is little room. */
  name: string;
  btf: boolean;
}

export interface Explanation {
  schemaVersion: typeof EXPLANATION_VERSION;
  kernels: ExplainedKernel[];
  causes: RootCause[];
  silent: SilentPlace[];
  guarded: GuardedPlace[];
}

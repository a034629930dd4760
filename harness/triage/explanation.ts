// What an explanation consists of; `corematrix explain --json` writes it as it is.
import type { ObjectRelocation, SourceLine } from '../results/schema.ts';
import type { FailureClass, Reached } from '../results/words.ts';
import type { Alternative } from './nearest.ts';

/** Raised when the meaning of a field changes. */
export const EXPLANATION_VERSION = 1;

/** A program that runs into a root cause, at one place in its source. */
export interface CausePlace {
  object: string;
  program: string;
  /** Null for what is no relocation. */
  relocation: Pick<ObjectRelocation, 'index' | 'section' | 'kind' | 'access' | 'spec'> | null;
  source: SourceLine | null;
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
}

// What an explanation consists of; results keep it, and `corematrix explain --json` writes it as it is.
import { z } from 'zod';
import { count, failurePlace, objectRelocation, source } from './places.ts';
import { FAILURE_CLASSES, REACHED, RELATIONS } from '../base/vocabulary.ts';

/** Raised when the meaning of a field changes. */
export const EXPLANATION_VERSION = 3;

const kernels = z.array(z.string());
const relocation = objectRelocation.pick({ index: true, section: true, kind: true, access: true, spec: true });

/** A program that runs into a root cause, at one place in its source. */
const causePlace = z.strictObject({
  object: z.string(),
  program: z.string(),
  /** Null for what is no relocation. */
  relocation: relocation.nullable(),
  /** Of the relocation, else of the instruction the verifier stopped at. */
  source: source.nullable(),
  /** The instruction the verifier stopped at and what registers held, on the first of the kernels; null where it stopped at none. */
  at: failurePlace.omit({ source: true }).nullable(),
  /** Kernels on which this is what the program failed with. */
  fails: kernels,
  /** Kernels on which it stands behind another failure of the program. */
  behind: kernels,
  /** Whether the verifier comes to it, where that differs from kernel to kernel the gravest. */
  reached: z.enum(REACHED).nullable(),
});

/** A way through the kernel's types that may stand for the one that is missing. */
const alternative = z.strictObject({
  relation: z.enum(RELATIONS),
  /** From the root on; each further way starts behind a pointer the one before it leads to. */
  paths: z.array(z.array(z.union([z.string(), count]))),
  /** The type of what was looked for under its new name. */
  type: z.string(),
  certainty: z.enum(['likely', 'possible']),
});

/** A line of a log of a cell, or of one of its programs. */
const logLine = z.strictObject({
  kernel: z.string(),
  object: z.string(),
  program: z.string().nullable(),
  kind: z.enum(['libbpf', 'verifier']),
  /** From 1. */
  line: count,
});

/** What kernels have instead, those of which the same can be said together. */
const causeSituation = z.strictObject({
  kernels,
  summary: z.string(),
  alternatives: z.array(alternative),
  hints: z.array(z.string()),
  /** Lines it rests on, of the first of the kernels. */
  evidence: z.array(z.string()),
  /** Where the last of those lines stands in the logs of the run; null where it is from none. */
  log: logLine.nullable(),
});

/** Which kernels of the matrix have what is missing, as their BTF says. */
const causePresence = z.strictObject({
  first: z.string().nullable(),
  last: z.string().nullable(),
  /** Without it, though one before and one after have it. */
  gaps: kernels,
  has: kernels,
  lacks: kernels,
  /** Neighbours of which one has it and the other has not: between them it came or went. */
  witnesses: z.array(z.strictObject({ from: z.string(), to: z.string(), change: z.enum(['came', 'went']) })),
});

const rootCause = z.strictObject({
  fingerprint: z.string(),
  class: z.enum(FAILURE_CLASSES),
  /** `task_struct.state`, `helper bpf_x#200`, or a reason without numbers. */
  subject: z.string(),
  certainty: z.enum(['seen', 'certain', 'possible']),
  places: z.array(causePlace),
  situations: z.array(causeSituation),
  presence: causePresence.nullable(),
  /** A change of the catalogue, by its id and in words. */
  knownChange: z.strictObject({ id: z.string(), text: z.string() }).nullable(),
  /** What the load has not come to because of it, in words; null where it hides nothing. */
  notReached: z.string().nullable(),
  /** C that can be pasted; null where there is none to give. */
  snippet: z.string().nullable(),
  /** What to do besides or instead, a line each. */
  advice: z.array(z.string()),
});

/** A place in a source that loads and reads something else than was compiled. */
const semanticChangePlace = z.strictObject({
  object: z.string(),
  program: z.string(),
  relocation,
  source: source.nullable(),
  what: z.string(),
  kernels,
});

/** A check by which code keeps away from what a kernel does not have. */
const guard = z.strictObject({
  relocation,
  source: source.nullable(),
  /** What it answers there, decimal. */
  value: z.string(),
});

/** A relocation without target that does no harm: the verifier does not come to it. */
const guardedPlace = z.strictObject({
  object: z.string(),
  program: z.string(),
  relocation,
  source: source.nullable(),
  kernels,
  /** Those that keep it out together; [] where it is something else than a check by relocation: a constant, a version, an unused function. */
  guards: z.array(guard),
});

const explainedKernel = z.strictObject({
  id: z.string(),
  /** How it is called where there is little room. */
  name: z.string(),
  btf: z.boolean(),
});

/** All of an explanation but its version, which inside results is theirs. */
export const explanationFindings = z.strictObject({
  kernels: z.array(explainedKernel),
  causes: z.array(rootCause),
  semanticChanges: z.array(semanticChangePlace),
  guarded: z.array(guardedPlace),
});

export type CausePlace = z.infer<typeof causePlace>;
export type CauseSituation = z.infer<typeof causeSituation>;
export type LogLine = z.infer<typeof logLine>;
export type CausePresence = z.infer<typeof causePresence>;
export type RootCause = z.infer<typeof rootCause>;
export type SemanticChangePlace = z.infer<typeof semanticChangePlace>;
export type Guard = z.infer<typeof guard>;
export type GuardedPlace = z.infer<typeof guardedPlace>;
export type ExplainedKernel = z.infer<typeof explainedKernel>;
export type Findings = z.infer<typeof explanationFindings>;

export interface Explanation extends Findings {
  schemaVersion: typeof EXPLANATION_VERSION;
}

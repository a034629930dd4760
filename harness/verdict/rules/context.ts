// What a rule sees of one failed attempt, and what it answers.
import type { VerifierLog } from '../../logs/verifier/parse.ts';
import type { ReadAttempt } from '../evidence/attempt.ts';
import type { ObjectResult } from '../../results/schema.ts';
import type { FailureClass } from '../../base/failures.ts';
import type { Stage } from '../../base/vocabulary.ts';

/** What a verdict needs to know of the object itself. */
export type JudgedObject = Pick<ObjectResult, 'programs' | 'relocations' | 'maps'>;

/** Why something did not load. */
export interface Failure {
  stage: Stage;
  class: FailureClass;
  /** Positive, as libbpf returned it. */
  errno: number;
  /** One line. */
  reason: string;
}

export interface FailureContext {
  attempt: ReadAttempt;
  object: JudgedObject;
  /** The program the attempt ended with; null when it ended before any program was loaded. */
  program: { name: string; type: string | null } | null;
  /** What the verifier said of that program. */
  verifier: VerifierLog | null;
  kernelLog: string;
  /** Names of the enumerators in the kernel's own BTF (`BPF_MAP_TYPE_RINGBUF`); null when they are not known. */
  enumerators: ReadonlySet<string> | null;
}

/** A failure without its errno, which is the attempt's. */
export type Finding = Omit<Failure, 'errno'>;

/** Answers only when its facts are there. */
export type Rule = (context: FailureContext) => Finding | null;

/** The helper by which libbpf, too, tells whether a kernel counts BPF memory against RLIMIT_MEMLOCK (probe_memcg_account() in features.c). */
const SINCE_MEMCG = 'BPF_FUNC_ktime_get_coarse_ns';

/**
 * What libbpf says of RLIMIT_MEMLOCK where that can be what a load failed by; null elsewhere. It says so of every EPERM that root gets
 * while the limit is low, but kernels since 5.11 do not count BPF memory against it.
 */
export function memlockHint({ attempt, enumerators }: FailureContext): string | null {
  if (enumerators?.has(SINCE_MEMCG) === true) return null;
  return attempt.log.failures.find(({ topic }) => topic === 'memlock')?.text ?? null;
}

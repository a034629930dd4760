// Input and output of the rules that explain one failed attempt.
import type { TargetModules } from '../../core-relo/loader.ts';
import type { VerifierLog } from '../../logs/verifier/parse.ts';
import type { CellEvidence } from '../evidence/evidence.ts';
import type { ReadAttempt } from '../evidence/attempt.ts';
import type { ObjectResult } from '../../results/schema.ts';
import type { FailureClass } from '../../base/failures.ts';
import type { Stage } from '../../base/vocabulary.ts';
import type { NameUse } from '../../kernel-btf/kernel-names.ts';

/** Says which module of the kernel's package has a name and is not loaded, or why BTF cannot have it; null if nothing is known. */
export type InModule = (name: string, use: NameUse) => string | null;

/** Facts about the object that a verdict needs. */
export type JudgedObject = Pick<ObjectResult, 'programs' | 'relocations' | 'maps'>;

/** Why an object or program did not load. */
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
  /** The program at which the attempt ended; null if it ended before any program was loaded. */
  program: { name: string; type: string | null } | null;
  /** The verifier log of that program. */
  verifier: VerifierLog | null;
  kernelLog: string;
  /** The library that loads, as its users write it: `libbpf`, `cilium/ebpf`. */
  library: string;
  /** Where the loader looks for attach targets in BTF. */
  targetModules: TargetModules;
  /** Functions that programs could not be attached to; absent if the guest found none. */
  targets?: CellEvidence['targets'];
  /** Names of the enumerators in the kernel's own BTF (`BPF_MAP_TYPE_RINGBUF`); null if unknown. */
  enumerators: ReadonlySet<string> | null;
  /** Says which module that is not loaded has a name (`in module nf_nat, ...`); null if none is known. */
  inModule: InModule;
  /** What the load of a program needs besides its type, and the kernel lacks: an attach type, or a flag; null if none is known. */
  unmetNeed: (program: string) => string | null;
  /** Why the kernel has the target of a program and refuses it, as its image lists; null if it does not show that. */
  refusedTarget: (program: string) => string | null;
  /** What the creation of a map needs besides its type, and the kernel lacks; null if none is known. */
  mapNeed: (map: string) => string | null;
  /** Why no struct_ops map sets a program, so that libbpf gives the kernel no member for it; null if a map sets it, and for other programs. */
  setByNoMap: (program: string) => string | null;
  /** Whether the kernel's BTF has a kfunc with another prototype than the object declares. */
  differsKfunc: (name: string) => boolean;
  /** Whether the kernel's BTF marks its kfuncs, and has this function without the mark. */
  isUnmarkedKfunc: (name: string) => boolean;
  /** The name of a symbol of the object by its number; null if unknown. */
  symbolName: (index: number) => string | null;
}

/** A failure without its errno, which comes from the attempt. */
export type Finding = Omit<Failure, 'errno'>;

/** Returns null if the rule does not match. */
export type Rule = (context: FailureContext) => Finding | null;

/**
 * If a kernel has this helper, it does not count BPF memory against RLIMIT_MEMLOCK. libbpf uses the same test.
 * @see probe_memcg_account() in features.c of libbpf
 */
const SINCE_MEMCG = 'BPF_FUNC_ktime_get_coarse_ns';

/**
 * Returns libbpf's hint about RLIMIT_MEMLOCK if the limit can be the cause of the failure, otherwise null. libbpf prints the hint for
 * every EPERM that root gets while the limit is low, but kernels since 5.11 do not count BPF memory against it.
 */
export function memlockHint({ attempt, enumerators }: FailureContext): string | null {
  if (enumerators?.has(SINCE_MEMCG) === true) return null;
  return attempt.log.failures.find(({ topic }) => topic === 'memlock')?.text ?? null;
}

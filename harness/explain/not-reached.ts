// Names what a load did not check because it ended at a failure.
import { FAILURES, type FailureClass, isRelocationFailure } from '../base/failures.ts';
import type { Stage } from '../base/vocabulary.ts';

const MAPS: ReadonlySet<FailureClass> = new Set<FailureClass>(['map-type-unsupported', 'map-create-failed', 'resource-limit']);

/**
 * Names what the load did not check, with the reason, as a phrase; null if it checked everything.
 * @see bpf_object_prepare() in libbpf.c for the order
 */
export function notReachedAfter(failure: FailureClass, stage: Stage, reason: string): string | null {
  if (stage === 'open') return 'everything else in the object, because libbpf failed before it asked the kernel';
  if (failure === 'btf-missing') return 'relocations, attach targets and kernel functions, because they need BTF';
  if (stage === 'relocate' && FAILURES[failure].concerns === 'extern')
    return 'other externs, relocations, maps and the verifier, because libbpf resolves externs first and stops at the first missing one';
  if (stage === 'relocate' && failure === 'attach-target-missing')
    return 'relocations, maps and the verifier, because libbpf looks up struct_ops types first';
  if (stage === 'relocate' && isRelocationFailure(failure))
    return 'later relocations, maps and the verifier, because libbpf refuses the whole object at this relocation';
  if (MAPS.has(failure) && stage !== 'verify') return 'the verifier, because libbpf creates maps before it loads programs';
  if (isRelocationFailure(failure)) return 'later instructions, because the verifier stops at the first instruction that it rejects';
  if (reason.startsWith('verifier: ')) return null;
  if (stage === 'verify' && failure === 'attach-target-missing') return 'the verifier, because libbpf stops before it loads the program';
  if (failure === 'program-type-unsupported') return 'the verifier, because the kernel refuses the program before verification';
  return null;
}

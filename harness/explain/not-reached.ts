// What a failure keeps a load from coming to: more may be wrong behind it.
import { FAILURES, type FailureClass, isRelocationFailure } from '../base/failures.ts';
import type { Stage } from '../base/vocabulary.ts';

const MAPS: ReadonlySet<FailureClass> = new Set<FailureClass>(['map-type-unsupported', 'map-create-failed', 'resource-limit']);

/**
 * What the load has not come to, in words; null where it came to everything.
 * @see bpf_object_prepare() in libbpf.c for the order
 */
export function notReachedAfter(failure: FailureClass, stage: Stage, reason: string): string | null {
  if (stage === 'open') return 'libbpf did not get as far as the kernel: nothing else in the object was looked at';
  if (failure === 'btf-missing') return 'without BTF no relocation, attach target or kernel function of the object was looked at';
  if (stage === 'relocate' && FAILURES[failure].concerns === 'extern')
    return 'libbpf resolves externs before it relocates and stops at the first it lacks: other externs, relocations, maps and the verifier come behind it';
  if (stage === 'relocate' && failure === 'attach-target-missing')
    return 'libbpf looks struct_ops up before it relocates: relocations, maps and the verifier come behind it';
  if (stage === 'relocate' && isRelocationFailure(failure))
    return 'libbpf gives up on the whole object at this relocation: those after it, maps and the verifier come behind it';
  if (MAPS.has(failure) && stage !== 'verify') return 'maps are created before any program is loaded: the verifier comes behind it';
  if (isRelocationFailure(failure)) return 'the verifier stops at the first such instruction: what comes after it was not looked at';
  if (reason.startsWith('verifier: ')) return null;
  if (stage === 'verify' && failure === 'attach-target-missing')
    return 'libbpf stops before the program is loaded: the verifier comes behind it';
  if (failure === 'program-type-unsupported') return 'the kernel refuses the program before it looks at it: the verifier comes behind it';
  return null;
}

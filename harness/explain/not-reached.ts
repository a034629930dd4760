// Names what a load did not check because it ended at a failure.
import { libraryName } from '../base/loader-name.ts';
import { FAILURES, type FailureClass, isRelocationFailure } from '../base/failures.ts';
import type { Stage } from '../base/vocabulary.ts';
import { isAboutSymbols } from '../verdict/rules/attach.ts';

const MAPS: ReadonlySet<FailureClass> = new Set<FailureClass>(['map-type-unsupported', 'map-create-failed', 'resource-limit']);

/** What a load did not check, where loaders differ in the order of their steps. */
interface Order {
  extern: string;
  relocation: string;
}

/** libbpf prepares the whole object, maps last, before it loads a program. @see bpf_object_prepare() in libbpf.c */
const ORDER_OF_LIBBPF: Order = {
  extern: 'other externs, relocations, maps and the verifier, because libbpf resolves externs first and stops at the first missing one',
  relocation: 'later relocations, maps and the verifier, because libbpf refuses the whole object at this relocation',
};

const orderOf = (library: string): Order => ({
  extern: `other externs and the verifier, because ${library} stops at the first missing extern`,
  relocation: `later relocations and the verifier, because ${library} ends the load at this relocation`,
});

/**
 * Names what the load did not check, with the reason, as a phrase; null if it checked everything.
 * @param library the library that loaded, as its users write it
 */
export function notReachedAfter(failure: FailureClass, stage: Stage, reason: string, library = libraryName()): string | null {
  const order = library === libraryName() ? ORDER_OF_LIBBPF : orderOf(library);
  if (stage === 'open') return `everything else in the object, because ${library} failed before it asked the kernel`;
  if (failure === 'btf-missing') return 'relocations, attach targets and kernel functions, because they need BTF';
  if (stage === 'relocate' && FAILURES[failure].concerns === 'extern') return order.extern;
  if (stage === 'relocate' && failure === 'attach-target-missing')
    return 'relocations, maps and the verifier, because libbpf looks up struct_ops types first';
  if (stage === 'relocate' && isRelocationFailure(failure)) return order.relocation;
  if (MAPS.has(failure) && stage !== 'verify') return `the verifier, because ${library} creates maps before it loads programs`;
  if (isRelocationFailure(failure)) return 'later instructions, because the verifier stops at the first instruction that it rejects';
  if (reason.startsWith('verifier: ')) return null;
  if (failure === 'program-type-unsupported' || (stage === 'verify' && isAboutSymbols(reason)))
    return 'the verifier, because the kernel refuses the program before verification';
  if (stage === 'verify' && failure === 'attach-target-missing')
    return `the verifier, because ${library} stops before it loads the program`;
  return null;
}

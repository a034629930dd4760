// What the paths through the programs of an object depend on in a kernel.
import type { BpfObject } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { knownHelpers } from '../../kernel-btf/enumerators.ts';
import { kconfigBytes } from '../../kernel-btf/kconfig-values.ts';
import type { KernelReach } from '../reach/input.ts';
import { missingVariables } from './kernel-variables.ts';
import { refusedKfuncs } from './support.ts';

/** What the kernel has, and lacks, of what the code of an object uses. */
export function reachFacts(object: BpfObject, kernel: KernelTypes, loader: Loader): KernelReach {
  return {
    helpers: knownHelpers(kernel),
    refused: refusedKfuncs(object, kernel),
    isMissingCertain: kernel.modules.length > 0,
    missingVariables: missingVariables(object, kernel, loader),
    kconfig: kconfigBytes(object, kernel.config),
  };
}

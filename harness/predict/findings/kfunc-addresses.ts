// Findings about programs that take the address of a kernel function, on kernels that do not allow it.
import type { ObjectFunction } from '../../bpf/object/functions.ts';
import type { BpfObject, BpfProgram } from '../../bpf/object/object.ts';
import type { KernelTypes } from '../../core-relo/candidates.ts';
import type { Loader } from '../../core-relo/loader.ts';
import { refusesKfuncAddresses } from '../../kernel-btf/kfunc-addresses.ts';
import { kfuncState } from '../../kernel-btf/kfunc-differences.ts';
import { KFUNC_ADDRESS_REFUSED } from '../../verdict/rules/verifier.ts';
import { functionUses } from '../reach/calls.ts';
import type { Finding } from './finding.ts';

/** The first minor release of libbpf 1.x that puts the address of a kernel function into a program. */
const FIRST_LIBBPF = 2;

/**
 * Finds programs that take the address of a kernel function that the kernel has, on a kernel that refuses such an address. The kernel reads
 * all addresses before it follows the instructions, so no check around them helps.
 * @see bpf_object__relocate_data() in libbpf.c
 */
export function kfuncAddressFindings(
  object: BpfObject,
  kernel: KernelTypes,
  { libbpfMinor }: Pick<Loader, 'libbpfMinor'>,
): (program: BpfProgram) => Finding[] {
  const { btf } = object;
  if (!btf || libbpfMinor === null || libbpfMinor < FIRST_LIBBPF || refusesKfuncAddresses(kernel) !== true) return () => [];
  const useOf = functionUses(object);
  const isRefused = (name: string) => kfuncState(btf, name, kernel) === 'found';
  return (program) => {
    const seen = new Set<ObjectFunction>([program]);
    for (const owner of seen) {
      const { callees, callbacks, addresses } = useOf(owner);
      if (addresses.some(isRefused))
        return [{ failure: { stage: 'verify', class: 'insn-unsupported', reason: KFUNC_ADDRESS_REFUSED }, certain: true }];
      for (const each of [...callees, ...callbacks]) seen.add(each);
    }
    return [];
  };
}

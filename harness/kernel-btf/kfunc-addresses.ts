// Whether a kernel lets a program take the address of a kernel function, as bpf_ksym_exists() does.
import { enumeratorsOf } from './enumerators.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { findIn } from './kernel-names.ts';

/** A kernel function of the same release, Linux 6.4. */
const SAME_RELEASE = 'bpf_iter_num_new';
/** A function of BPF in every kernel with BTF. If it is missing, the BTF lacks functions. */
const OLDER = 'bpf_prog_array_free';

/**
 * Whether a kernel refuses the address of each function that it has. A missing function is no problem: its address is 0. Null if the BTF
 * does not show it.
 * @see resolve_pseudo_ldimm64() in kernel/bpf/verifier.c: before 6.4, it takes variables alone
 */
export function refusesKfuncAddresses(kernel: KernelTypes): boolean | null {
  if (!enumeratorsOf(kernel, 'bpf_prog_type') || !findIn(kernel, 'func', OLDER)) return null;
  return !findIn(kernel, 'func', SAME_RELEASE);
}

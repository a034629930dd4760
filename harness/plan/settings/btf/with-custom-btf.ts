// The types that count for an object to which its loader gives some for relocations.
import type { NameIndex } from '../../../bpf/btf/names.ts';
import type { KernelTypes } from '../../../core-relo/candidates.ts';

/**
 * A kernel's types with those that a loader gives.
 * @param kernel null for a kernel without any
 * @param custom null where the loader gives none for this kernel
 */
export function withCustomBtf(kernel: KernelTypes | null, custom: NameIndex | null): KernelTypes | null {
  if (!custom) return kernel;
  return kernel ? { ...kernel, custom } : { vmlinux: custom, modules: [], custom, borrowed: true };
}

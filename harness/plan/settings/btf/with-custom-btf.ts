// The types that count for an object with custom BTF.
import type { NameIndex } from '../../../bpf/btf/names.ts';
import type { KernelTypes } from '../../../core-relo/candidates.ts';

/**
 * The types of a kernel, with custom BTF for relocations.
 * @param kernel null for a kernel without BTF
 * @param custom null without custom BTF for this kernel
 */
export function withCustomBtf(kernel: KernelTypes | null, custom: NameIndex | null): KernelTypes | null {
  if (!custom) return kernel;
  return kernel ? { ...kernel, custom } : { vmlinux: custom, modules: [], custom, onlyCustom: true };
}

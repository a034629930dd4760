// The types of the kernels an explanation goes back to again and again: as many as memory bears are kept.
import { messageOf, UserError } from '../base/errors.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { type OfflineKernel, readKernelTypes } from '../kernel-btf/kernels.ts';

/** Some twenty megabytes each. */
const KEPT = 32;

export interface KernelCache {
  /** In version order; those whose BTF cannot be read are not among them. */
  kernels: readonly OfflineKernel[];
  /** Null for a kernel without BTF. */
  typesOf: (id: string) => Promise<KernelTypes | null>;
}

/** Reads BTF when it is asked for, the least recently used is forgotten first. One that cannot be read counts as none, and is told. */
export function openKernels(kernels: readonly OfflineKernel[], onProblem: (text: string) => void): KernelCache {
  const kept = new Map<string, KernelTypes | null>();
  const byId = new Map(kernels.map((kernel) => [kernel.id, kernel]));
  const read = async (id: string) => {
    const kernel = byId.get(id);
    try {
      return kernel ? await readKernelTypes(kernel) : null;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onProblem(messageOf(error));
      return null;
    }
  };
  const typesOf = async (id: string) => {
    const known = kept.get(id);
    const types = known === undefined ? await read(id) : known;
    kept.delete(id);
    kept.set(id, types);
    const [oldest] = kept.keys();
    if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
    return types;
  };
  return { kernels, typesOf };
}

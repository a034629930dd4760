// Keeps the BTF of recently used kernels in memory, because an explanation needs each kernel many times.
import { messageOf, UserError } from '../base/errors.ts';
import type { KernelTypes } from '../core-relo/candidates.ts';
import { type OfflineKernel, readKernelTypes } from '../kernel-btf/kernels.ts';

/** Maximum number of kernels in memory. Each takes about 20 MB. */
const KEPT = 32;

export interface KernelCache {
  /** All kernels, in version order. */
  kernels: readonly OfflineKernel[];
  /** The types of a kernel; null if it has no BTF, or none that can be read. */
  typesOf: (id: string) => Promise<KernelTypes | null>;
}

/**
 * Returns a cache that reads BTF on demand and drops the least recently used first.
 * @param onProblem called with one line for BTF that cannot be read, which then counts as missing
 */
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

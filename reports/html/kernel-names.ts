// The names of kernels in the page, the same everywhere as in the matrix.
import { kernelNames as namesById } from '../../harness/results/kernel-names.ts';
import type { Results } from '../../harness/results/schema.ts';

export interface KernelNames {
  /** The name of a kernel by its id. */
  nameOf: (kernel: string) => string;
  /** Several kernels; neighbours of one architecture as a range: `5.10, 6.12 to 7.3`. */
  listed: (kernels: readonly string[]) => string;
}

/** Kernels that follow each other in the run and are of one architecture, together. */
function neighbours({ kernels }: Results, wanted: ReadonlySet<string>): string[][] {
  const ranges: string[][] = [];
  let archBefore: string | null = null;
  for (const { id, arch } of kernels) {
    const last = ranges.at(-1);
    if (wanted.has(id) && archBefore === arch && last) last.push(id);
    else if (wanted.has(id)) ranges.push([id]);
    archBefore = wanted.has(id) ? arch : null;
  }
  return ranges;
}

/** The short names of the kernels of a run. */
export function kernelNames(results: Results): KernelNames {
  const names = namesById(results.kernels);
  const nameOf = (kernel: string) => names.get(kernel) ?? kernel;
  const listed = (kernels: readonly string[]) =>
    neighbours(results, new Set(kernels))
      .map((range) => range.map(nameOf))
      .map((range) => (range.length > 2 ? `${range[0]} to ${range.at(-1)}` : range.join(', ')))
      .join(', ');
  return { nameOf, listed };
}

/** The name of each kernel, in the order of the columns. */
export function columnNames(results: Results): string[] {
  return [...namesById(results.kernels).values()];
}

// The names of kernels in the page, the same everywhere as in the matrix.
import type { Results } from '../../harness/results/schema.ts';
import { shortKernelNames } from '../model/summary.ts';

export interface KernelNames {
  /** The name of a kernel by its id. */
  nameOf: (kernel: string) => string;
  /** Several kernels; neighbours of one architecture as a range: `5.10.262, 6.12.118 to 7.3.4`. */
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
  const short = shortKernelNames(results);
  const names = new Map(results.kernels.map(({ id }, index) => [id, short[index] ?? id]));
  const nameOf = (kernel: string) => names.get(kernel) ?? kernel;
  const listed = (kernels: readonly string[]) =>
    neighbours(results, new Set(kernels))
      .map((range) => range.map(nameOf))
      .map((range) => (range.length > 2 ? `${range[0]} to ${range.at(-1)}` : range.join(', ')))
      .join(', ');
  return { nameOf, listed };
}

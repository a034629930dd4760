// Finds the version ranges of an expectation for a set of kernels.
import { compareKernelVersions, parseKernelVersion } from '../../base/kernel-version.ts';
import type { KernelResult } from '../../results/schema.ts';

type Known = Pick<KernelResult, 'version' | 'series'>;

/** A bound that names the series, or the full version if the neighbour outside the range has the same series. */
function bound(comparator: '>=' | '<=', kernel: Known, neighbour: Known): string {
  return `${comparator}${neighbour.series === kernel.series ? kernel.version : kernel.series}`;
}

/**
 * The fewest ranges that contain exactly the kernels for which `holds` is true. They are open beyond the oldest and the newest kernel.
 * @returns the ranges; [undefined] if they contain all kernels, because then no range is needed
 */
export function rangesOf(all: readonly Known[], holds: (kernel: Known) => boolean): (string | undefined)[] {
  const ordered = all.toSorted((a, b) => compareKernelVersions(parseKernelVersion(a.version), parseKernelVersion(b.version)));
  const ranges: (string | undefined)[] = [];
  let start = 0;
  while (start < ordered.length) {
    let end = start;
    while (end < ordered.length && holds(ordered[end] ?? { version: '', series: '' })) end += 1;
    const [before, first, last, after] = [ordered[start - 1], ordered[start], ordered[end - 1], ordered[end]];
    if (end > start && first && last) {
      const bounds = [before && bound('>=', first, before), after && bound('<=', last, after)].filter((text) => text !== undefined);
      ranges.push(bounds.length === 0 ? undefined : bounds.join(','));
    }
    start = Math.max(end, start + 1);
  }
  return ranges;
}

// From kernels on which something holds to the ranges an expectation is written with.
import { compareKernelVersions, parseKernelVersion } from '../../base/kernel-version.ts';
import type { KernelResult } from '../../results/schema.ts';

type Known = Pick<KernelResult, 'version' | 'series'>;

/** As precise as the neighbour on the other side of the bound demands. */
function bound(comparator: '>=' | '<=', kernel: Known, neighbour: Known): string {
  return `${comparator}${neighbour.series === kernel.series ? kernel.version : kernel.series}`;
}

/**
 * The fewest ranges that hold for some of the kernels and for none of the others; beyond the oldest and the newest one they stay open.
 * @returns [undefined] for all of them: then no range is needed
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

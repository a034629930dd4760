// The names of kernels: short ones for people, and stable ones for tools that compare runs.
import { safeId, uniqueId } from '../base/ids.ts';

interface NamedKernel {
  id: string;
  series: string;
  version: string;
}

function occurrences(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return counts;
}

const RELEASE_CANDIDATE = /-rc\d/;

/**
 * The name of each kernel by its id: its series; its version if it is a release candidate or several kernels share the series; its id if
 * several share that.
 */
export function kernelNames(kernels: readonly NamedKernel[]): Map<string, string> {
  const series = occurrences(kernels.map((kernel) => kernel.series));
  const versions = occurrences(kernels.map(({ version }) => version));
  return new Map(
    kernels.map((kernel) => {
      if (series.get(kernel.series) === 1 && !RELEASE_CANDIDATE.test(kernel.version)) return [kernel.id, kernel.series];
      return [kernel.id, versions.get(kernel.version) === 1 ? kernel.version : kernel.id];
    }),
  );
}

/** The flavour in the id of a Debian kernel: `cloud`, `rt`; empty for the generic one and for other kernels. */
export function flavourOf({ id }: Pick<NamedKernel, 'id'>): string {
  return /(?<=-)(cloud|rt)(?=-)/.exec(id)?.[0] ?? '';
}

/**
 * A name of each kernel by its id that stays the same when a distribution updates the kernel: `debian-5.10-cloud`. Unique; kernels of one
 * series in one run have their versions in it.
 */
export function stableKernelNames(kernels: readonly (NamedKernel & { distribution: string; arch: string })[]): Map<string, string> {
  const nameOf = (kernel: (typeof kernels)[number], version: string) => {
    const arch = kernel.arch === 'x86_64' ? '' : kernel.arch;
    return safeId([kernel.distribution, version, flavourOf(kernel), arch].filter((part) => part !== '').join('-'));
  };
  const counts = occurrences(kernels.map((kernel) => nameOf(kernel, kernel.series)));
  const used = new Set<string>();
  return new Map(
    kernels.map((kernel) => {
      const bySeries = nameOf(kernel, kernel.series);
      return [kernel.id, uniqueId(counts.get(bySeries) === 1 ? bySeries : nameOf(kernel, kernel.version), used)];
    }),
  );
}

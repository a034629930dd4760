// The one name of a kernel in texts for people.

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

/** The name of each kernel by its id: its series; its version if several kernels share the series; its id if several share that. */
export function kernelNames(kernels: readonly NamedKernel[]): Map<string, string> {
  const series = occurrences(kernels.map((kernel) => kernel.series));
  const versions = occurrences(kernels.map(({ version }) => version));
  return new Map(
    kernels.map((kernel) => {
      if (series.get(kernel.series) === 1) return [kernel.id, kernel.series];
      return [kernel.id, versions.get(kernel.version) === 1 ? kernel.version : kernel.id];
    }),
  );
}

// The order of the report: the oldest kernel first, and objects that need attention before the others.
import { compareKernelVersions, tryParseKernelVersion } from '../../harness/base/kernel-version.ts';
import type { KernelResult, ObjectResult, Results } from '../../harness/results/schema.ts';
import { ATTENTION } from './shared/looks.ts';

function compareVersions(a: string, b: string): number {
  const [left, right] = [tryParseKernelVersion(a), tryParseKernelVersion(b)];
  if (left && right) return compareKernelVersions(left, right);
  if (left || right) return left ? -1 : 1;
  return a < b ? -1 : Number(a > b);
}

/** Kernels by architecture, in the order in which each is first named, and by version, the oldest first. */
function orderedKernels(kernels: readonly KernelResult[]): KernelResult[] {
  const architectures = [...new Set(kernels.map(({ arch }) => arch))];
  const rank = ({ arch }: KernelResult) => architectures.indexOf(arch);
  return kernels.toSorted((a, b) => rank(a) - rank(b) || compareVersions(a.version, b.version));
}

/** Results with their kernels in order, and the objects that need attention before the others. */
export function inOrder(results: Results): Results {
  const worst = new Map<string, number>();
  for (const { object, programs } of results.cells) {
    const ranks = programs.map(({ status }) => ATTENTION.indexOf(status)).filter((rank) => rank >= 0);
    worst.set(object, Math.min(worst.get(object) ?? ATTENTION.length, ...ranks));
  }
  const rank = ({ id }: ObjectResult) => worst.get(id) ?? ATTENTION.length;
  return { ...results, kernels: orderedKernels(results.kernels), objects: results.objects.toSorted((a, b) => rank(a) - rank(b)) };
}

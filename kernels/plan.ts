// Resolves selectors to kernels in version order, each once. Downloads indexes only.
import { faultsOf, InfraError, UserError, UserFaults } from '../harness/base/errors.ts';
import { withUniqueIds } from '../harness/base/ids.ts';
import { compareKernelVersions, parseKernelVersion } from '../harness/base/kernel-version.ts';
import type { KernelSelector, PlannedKernel } from './registered.ts';
import { SOURCES } from './registry.ts';
import { parseSelector } from './selector.ts';
import type { KernelOptions } from './sources/options.ts';

type Plan = (selector: KernelSelector) => Promise<PlannedKernel[]>;

/** The kernels that one selector means. An optional selector may mean none, which is noted. */
async function planOrNote(selector: KernelSelector, plan: Plan, options: KernelOptions): Promise<PlannedKernel[]> {
  if (options.optional?.includes(selector.text) !== true) return plan(selector);
  try {
    const planned = await plan(selector);
    return planned.map((kernel) => ({ ...kernel, optional: true }));
  } catch (error) {
    if (!(error instanceof UserError) && !(error instanceof InfraError)) throw error;
    options.signal?.throwIfAborted();
    options.onProgress?.({ kind: 'note', text: `optional, left out: ${error.message}` });
    return [];
  }
}

/** The lines of an error, with the place that names the selector if they are about it: a missing mirror is not. */
function faultsAt({ text }: KernelSelector, error: UserError, { places }: KernelOptions): string[] {
  const place = places?.get(text);
  return faultsOf(error).map((fault) => (place !== undefined && fault.includes(text) ? `${place}: ${fault}` : fault));
}

/**
 * A source plans all its selectors together, so that it reads each index once.
 * @throws UserFaults with the faults of all selectors, unless something else failed
 */
async function planAll(selectors: readonly KernelSelector[], options: KernelOptions): Promise<PlannedKernel[]> {
  const planners = new Map(
    await Promise.all(
      SOURCES.filter((source) => selectors.some((selector) => selector.source === source)).map(
        async (source) => [source, await source.planner(options)] as const,
      ),
    ),
  );
  const outcomes = await Promise.allSettled(
    selectors.map(async (selector) => {
      const plan = planners.get(selector.source);
      return plan ? planOrNote(selector, plan, options) : [];
    }),
  );
  const failed = outcomes.flatMap((outcome, index) => {
    const selector = selectors[index];
    if (outcome.status === 'fulfilled' || !selector) return [];
    if (!(outcome.reason instanceof UserError)) throw outcome.reason;
    return [{ error: outcome.reason, faults: faultsAt(selector, outcome.reason, options) }];
  });
  const faults = [...new Set(failed.flatMap((each) => each.faults))];
  const [first] = failed;
  // An error that is not about a place may have more to say.
  if (first && faults.join() === first.error.message) throw first.error;
  if (faults.length > 0) throw new UserFaults('kernels', faults);
  return outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []));
}

function isSame(a: PlannedKernel, b: PlannedKernel): boolean {
  return a.source === b.source && a.key === b.key;
}

function compareOrder(a: PlannedKernel, b: PlannedKernel): number {
  const versions = compareKernelVersions(parseKernelVersion(a.version), parseKernelVersion(b.version));
  if (versions !== 0 || a.id === b.id) return versions;
  return a.id < b.id ? -1 : 1;
}

/**
 * The kernels that selectors mean, in version order, each once. Reads indexes or the lock file, and the first bytes of files.
 * With a lock file, a selector means the kernels that the file pins. Others are looked up in the indexes, unless `frozen`.
 * @throws UserError for a text that is not a selector, and for a selector that means no kernel unless it is optional; InfraError if an
 * index is needed and not available
 */
export async function planKernels(selectors: readonly string[], options: KernelOptions): Promise<PlannedKernel[]> {
  const planned = await planAll(selectors.map(parseSelector), options);
  const all = planned.toSorted((a, b) => Number(a.optional === true) - Number(b.optional === true));
  const distinct = all.filter((kernel, index) => all.findIndex((other) => isSame(kernel, other)) === index);
  // Two files may have the same id.
  return withUniqueIds(distinct.toSorted(compareOrder));
}

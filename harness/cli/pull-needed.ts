// Pulls kernels that a prediction needs and that the cache lacks.
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { cacheRoot } from '../base/files.ts';
import { InfraError } from '../base/errors.ts';
import { plural } from '../base/text.ts';
import type { PullMissing } from '../kernel-btf/kernels.ts';
import { reportError } from './exit.ts';
import { untilInterrupted } from './interrupt.ts';
import { mebibytes, pullProgress } from './pull-progress.ts';
import type { Sources } from '../library/sources.ts';

const PULLS = 3;

/** Pulls what a selector means now. Says how many kernels and bytes before it downloads them. */
async function pull(selector: string, sources: Sources, signal: AbortSignal): Promise<void> {
  // The code that downloads and unpacks takes longer to load than a prediction.
  const { planKernels } = await import('../../kernels/plan.ts');
  const { pullKernel } = await import('../../kernels/pull.ts');
  const { default: pLimit } = await import('p-limit');
  const progress = pullProgress(process.stderr);
  const options: KernelOptions = { cache: cacheRoot(), ...sources, signal, onProgress: progress.onEvent };
  const planned = await planKernels([selector], options);
  const bytes = planned.reduce((sum, kernel) => sum + (kernel.package?.size ?? 0), 0);
  progress.line(`${selector} is not in the cache: pulling ${plural(planned.length, 'kernel')}, ${mebibytes(bytes)}`);
  const limit = pLimit(PULLS);
  const results = await Promise.allSettled(planned.map(async (kernel) => limit(async () => pullKernel(kernel, options))));
  progress.clear();
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  // A kernel that fails does not stop the others.
  for (const error of failed) {
    if (signal.aborted || !(error instanceof InfraError) || failed.length === planned.length) throw error;
    reportError(error);
  }
}

/** Pulls missing kernels from these mirrors. */
export function pullFrom(sources: Sources): PullMissing {
  return async (selector) => untilInterrupted(async (signal) => pull(selector, sources, signal));
}

// The kernels most tests of triage look at: three long-term series and the newest there is.
import { cacheRoot } from '../../../harness/base/files.ts';
import { findKernels } from '../../../harness/kernel-btf/kernels.ts';

const LONG_TERM = ['5.10', '6.1', '6.12'];

/** Selectors of four series, oldest first. */
export async function fourSeries(): Promise<string[]> {
  const { kernels } = await findKernels([], cacheRoot());
  const newest = kernels.at(-1)?.series;
  return [...LONG_TERM, ...(typeof newest === 'string' ? [newest] : [])].map((series) => `debian:${series}`);
}

// The kernels that tests read. Each test pulls its own kernels into the cache, so that it does not depend on other tests.
import { cacheRoot } from '../../harness/base/files.ts';
import { findKernels, type OfflineKernel } from '../../harness/kernel-btf/kernels.ts';
import { planKernels } from '../../kernels/plan.ts';
import { type KernelImage, pullKernel } from '../../kernels/pull.ts';

const WANTED = process.env['COREMATRIX_TEST_KERNELS'];

/** With COREMATRIX_TEST_KERNELS=all, tests read every series of the mirror instead of four; with `5.10,6.16`, they read these. */
export const ALL_SERIES = WANTED !== undefined;
export const LONG_TERM = ['5.10', '6.1', '6.12'] as const;

/** A file with the BTF of a kernel, and the release of that kernel. */
export interface PulledBtf {
  release: string;
  path: string;
}

/** Every series of the mirror, oldest first. */
async function allSeries(): Promise<string[]> {
  const planned = await planKernels(['debian:all'], { cache: cacheRoot() });
  return [...new Set(planned.map(({ series }) => series))];
}

/** Selectors of four series, oldest first: three long-term ones and the newest of the mirror. */
export async function fourSelectors(): Promise<string[]> {
  const newest = (await allSeries()).slice(-1);
  return [...LONG_TERM, ...newest].map((series) => `debian:${series}`);
}

/** Selectors of the series that tests read, oldest first. */
export async function testSelectors(): Promise<string[]> {
  if (WANTED === undefined) return fourSelectors();
  const series = WANTED === 'all' ? await allSeries() : WANTED.split(',');
  return series.map((each) => `debian:${each}`);
}

/**
 * Brings the kernels that selectors mean into the cache.
 * @throws InfraError if the mirror cannot be reached, UserError if it has no such kernel
 */
export async function pulledKernels(selectors: readonly string[]): Promise<KernelImage[]> {
  const options = { cache: cacheRoot() };
  const pulled: KernelImage[] = [];
  for (const planned of await planKernels(selectors, options)) pulled.push(await pullKernel(planned, options));
  return pulled;
}

/** The same, with the modules of their packages in the cache, so that predictions know what no module has. */
export async function pulledWithModules(selectors: readonly string[]): Promise<KernelImage[]> {
  const pulled = await pulledKernels(selectors);
  for (const { modules } of pulled) await modules.folder({ cache: cacheRoot() });
  return pulled;
}

/** A kernel without the modules of its package, which are in the cache only if another test needed them. */
export function withoutPackage(kernel: OfflineKernel): OfflineKernel {
  return { ...kernel, image: null };
}

/** The kernels that selectors mean, pulled, as predictions read them, but without the modules of their packages. */
export async function offlineKernels(selectors: readonly string[]): Promise<OfflineKernel[]> {
  await pulledKernels(selectors);
  return (await findKernels(selectors, cacheRoot())).kernels.map(withoutPackage);
}

/** The one kernel that a selector means, in the cache. */
export async function pulledKernel(selector: string): Promise<KernelImage> {
  const [kernel] = await pulledKernels([selector]);
  if (!kernel) throw new Error(`${selector} means no kernel`);
  return kernel;
}

function btfOf({ id, release, btf }: KernelImage): PulledBtf {
  if (!btf) throw new Error(`${id} has no BTF`);
  return { release, path: btf.path };
}

/** The BTF of every kernel that tests read, oldest first. */
export async function pulledBtfs(): Promise<PulledBtf[]> {
  return (await pulledKernels(await testSelectors())).map(btfOf);
}

/** The BTF of one kernel. */
export async function pulledBtf(selector: string): Promise<PulledBtf> {
  return btfOf(await pulledKernel(selector));
}

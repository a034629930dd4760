// Reads the custom BTF of all objects before a guest boots: a file that cannot be used is wrong input, not an unavailable kernel.
import type { KernelImage } from '../../kernels/pull.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';

/** A kernel that is being downloaded, and the objects that run on it. */
interface Pulling {
  image: Promise<KernelImage>;
  objects: readonly RunObject[];
}

/**
 * Reads the custom BTF for the kernels of a run. It waits for their downloads, because only an image names its release. Kernels that
 * are not available are left out.
 * @throws UserError for the first file that cannot be used, with the setting that names it
 */
export async function checkCustomBtf(kernels: readonly Pulling[]): Promise<void> {
  const wanted = kernels.filter(({ objects }) => objects.some(({ prepared }) => prepared.btf));
  const found = await Promise.all(wanted.map(async ({ image, objects }) => ({ objects, image: await image.catch(() => null) })));
  for (const { image, objects } of found) for (const { prepared } of image ? objects : []) await prepared.btf?.(image?.release ?? null);
}

// Looks up the modules that objects name before a guest boots: a misspelt name is a wrong configuration, not an unavailable kernel.
import type { KernelImage } from '../../kernels/pull.ts';
import type { KernelOptions } from '../../kernels/sources/options.ts';
import { InfraError, UserFaults } from '../base/errors.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { checkModules, isNamingModules, knownModules } from '../plan/settings/modules/check-modules.ts';

/** A kernel that is being downloaded, and the objects that run on it. */
interface Pulling {
  id: string;
  image: Promise<KernelImage>;
  objects: readonly RunObject[];
}

/** The folder with the modules of a kernel. Null if the kernel or its modules cannot be had; its cells then say why. */
async function folderOf({ image }: Pulling, options: KernelOptions): Promise<string | null> {
  try {
    return await (await image).modules.folder(options);
  } catch (error) {
    if (error instanceof InfraError) return null;
    throw error;
  }
}

/**
 * Looks up the modules of all objects. It waits for the downloads of the kernels that they run on.
 * @param names names of kernels in messages, by their ids
 * @throws UserFaults with every module that no kernel of its object has, each with its place
 */
export async function checkRunModules(
  kernels: readonly Pulling[],
  names: ReadonlyMap<string, string>,
  options: KernelOptions,
): Promise<void> {
  const wanted = kernels
    .map((kernel) => ({ ...kernel, objects: kernel.objects.filter(isNamingModules) }))
    .filter(({ objects }) => objects.length > 0);
  const known = await Promise.all(
    wanted.map(async (kernel) => ({
      kernel: names.get(kernel.id) ?? kernel.id,
      objects: kernel.objects,
      names: await knownModules(await folderOf(kernel, options)),
    })),
  );
  const { faults } = checkModules(known);
  if (faults.length > 0) throw new UserFaults('modules', faults);
}

// Looks up the modules that objects name in the cache: a prediction with a module that no kernel has would be one of other settings.
import { modulesInCache } from '../../kernels/cache/modules.ts';
import type { OfflineKernel } from '../kernel-btf/kernels.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { checkModules, isNamingModules, knownModules } from '../plan/settings/modules/check-modules.ts';

/** One line for each module that all kernels lack. It is only known of kernels whose modules are in the cache, and nothing is downloaded. */
export async function absentModules(all: readonly RunObject[], kernels: readonly OfflineKernel[]): Promise<string[]> {
  const objects = all.filter(isNamingModules);
  if (objects.length === 0) return [];
  const known = kernels.map(async ({ id, image }) => ({
    kernel: id,
    objects,
    names: image ? await knownModules(await modulesInCache(image.cache, image.sha256)) : null,
  }));
  return checkModules(await Promise.all(known)).faults;
}

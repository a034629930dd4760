// Looks up the releases of libbpf that objects name: a release that does not exist is a wrong configuration.
import { InfraError, messageOf, UserError } from '../base/errors.ts';
import { cacheRoot } from '../base/files.ts';
import { namedLoader } from '../base/loader-name.ts';
import { didYouMean } from '../base/similar.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { lookUpRelease } from '../setup/libbpf.ts';
import { hasPrebuiltAgent } from '../setup/prebuilt.ts';
import type { Plan } from './plan.ts';

export interface ReleaseCheck {
  /** One line for each release that does not exist, with its place. */
  faults: string[];
  /** One line for each release that cannot be looked up now. */
  notes: string[];
}

/** Where a loader is named: among the loaders of the plan, else in the settings of the object that has it. */
function placeOfLoader(loader: string, objects: readonly RunObject[], { config, loaders }: Pick<Plan, 'config' | 'loaders'>): string {
  if (loaders?.includes(loader) === true) return '--loader';
  const index = loaders === undefined ? (config.config.loaders ?? []).indexOf(loader) : -1;
  if (index >= 0) return config.at(['loaders', index]);
  const own = objects.find(({ prepared }) => prepared.loader === loader);
  return own?.placeOf?.(['loader']) ?? own?.result.path ?? loader;
}

/** `1.1.2` as a loader names it: `libbpf@1.1`. */
const asLoader = (version: string) => `libbpf@${version.split('.').slice(0, 2).join('.')}`;

async function releasesFor(wanted: string, { sources: { mirrors, trust } }: Pick<Plan, 'sources'>): Promise<string[] | null> {
  const cache = cacheRoot();
  if (await hasPrebuiltAgent(wanted, { cache })) return null;
  return lookUpRelease(wanted, { cache, mirrors, trust, onNote: () => {} });
}

/** Looks up every release of libbpf that the objects of a plan name: in the package, in the cache, then in the indexes of the mirrors. */
export async function checkReleases(plan: Pick<Plan, 'config' | 'inputs' | 'loaders' | 'sources'>): Promise<ReleaseCheck> {
  const { objects } = plan.inputs;
  const check: ReleaseCheck = { faults: [], notes: [] };
  for (const loader of new Set(objects.flatMap(({ prepared }) => prepared.loader ?? []))) {
    const { family, release } = namedLoader(loader);
    if (family !== 'libbpf' || release === null) continue;
    const place = placeOfLoader(loader, objects, plan);
    try {
      const releases = await releasesFor(release, plan);
      if (releases === null) continue;
      const possible = [...new Set(releases.map(asLoader))];
      // A mirror with kernels only says nothing about releases.
      if (possible.length === 0) check.notes.push(`${place}: ${loader} cannot be checked: the mirrors have no source package of libbpf`);
      else check.faults.push(`${place}: no release ${loader}${didYouMean(loader, possible)}; the mirrors have: ${possible.join(', ')}`);
    } catch (error) {
      if (!(error instanceof InfraError) && !(error instanceof UserError)) throw error;
      check.notes.push(`${place}: ${loader} cannot be checked: ${messageOf(error)}`);
    }
  }
  return check;
}

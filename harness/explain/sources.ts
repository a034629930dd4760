// Finds the kernels and objects for an explanation: the ones in a results file that are still available, or named ones.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { cachedConfig, kernelDirectory, readCachedKernel } from '../../kernels/cache/cached-kernel.ts';
import { KERNEL_FILES } from '../../kernels/image/facts.ts';
import { UserError } from '../base/errors.ts';
import { readUserFile } from '../base/user-file.ts';
import { readBpfObject } from '../bpf/object/object.ts';
import type { OfflineKernel } from '../kernel-btf/kernels.ts';
import { withPackage } from '../kernel-btf/package-names.ts';
import { typesWithCached } from '../plan/settings/modules/loaded-modules.ts';
import { OBJECT_FILE, type RunObject } from '../plan/inputs/inputs.ts';
import type { CellRelocation, CellResult, KernelResult, ObjectResult, Results } from '../results/schema.ts';
import { predictionOf, withSymbols } from '../predict/predict-object.ts';
import { namesOutsideVmlinux } from '../predict/findings/support.ts';
import { predictAsRun } from './predict-as-run.ts';
import type { RecordsOf } from './semantic-change-places.ts';
import { type ExplainedObject, isOpen, type PredictedFailures, predictedFailures, type ProgramFailure } from './failures.ts';
import type { KernelCache } from './kernel-cache.ts';

async function offline({ id, selector, release, version, series, arch, sha256, btf }: KernelResult, cache: string): Promise<OfflineKernel> {
  const stored = btf && sha256 !== null ? await readCachedKernel(kernelDirectory(cache, sha256)) : null;
  const path = stored?.btf ? join(stored.directory, KERNEL_FILES.btf) : null;
  const index = stored?.btf ? { path: join(stored.directory, KERNEL_FILES.names), sha256: stored.btf.sha256 } : null;
  const config = stored?.config === undefined ? {} : { config: cachedConfig(stored)?.path ?? null };
  return {
    id,
    selector,
    release,
    version,
    series,
    arch,
    path,
    index,
    modules: null,
    image: sha256 === null ? null : { cache, sha256 },
    ...config,
  };
}

/** The kernels of a run, with their BTF if it is cached. */
export async function kernelsOfResults({ kernels }: Results, cache: string): Promise<OfflineKernel[]> {
  return Promise.all(kernels.map(async (kernel) => offline(kernel, cache)));
}

async function sameObject(result: ObjectResult): Promise<ExplainedObject> {
  const bytes = await readUserFile(result.path, OBJECT_FILE).catch(() => null);
  const same = bytes !== null && createHash('sha256').update(bytes).digest('hex') === result.sha256;
  try {
    return { result, bpf: same ? readBpfObject(bytes, result.path) : null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { result, bpf: null };
  }
}

/** The objects of a run, with their types if the file still exists and is unchanged. */
export async function objectsOfResults({ objects }: Results): Promise<ExplainedObject[]> {
  return Promise.all(objects.map(sameObject));
}

/** The object with the programs that were loaded in a cell, whatever switched them on or off. */
function asLoadedIn(object: ExplainedObject, { programs }: CellResult): ExplainedObject {
  const skipped = new Set(programs.flatMap(({ name, status }) => (status === 'skip' ? [name] : [])));
  const { bpf } = object;
  return { ...object, bpf: bpf && { ...bpf, programs: bpf.programs.map((each) => ({ ...each, autoload: !skipped.has(each.name) })) } };
}

/**
 * Predicts relocations for the cells of a run whose load leaves some open, if object and BTF are available. Custom BTF is not: results do not
 * contain it.
 */
export async function predictedIn(results: Results, objects: readonly ExplainedObject[], cache: KernelCache): Promise<PredictedFailures> {
  const byId = new Map(objects.map((object) => [object.result.id, object]));
  const predicted = new Map<CellResult, readonly CellRelocation[]>();
  for (const cell of results.cells) {
    const object = cell.relocations.some(isOpen) ? byId.get(cell.object) : undefined;
    const plain = object?.bpf && !object.result.customBtf ? await cache.typesOf(cell.kernel) : null;
    const image = cache.kernels.find(({ id }) => id === cell.kernel)?.image;
    const types = plain && (await typesWithCached(plain, image, object?.result.modules ?? []));
    const again = object?.bpf && types && predictAsRun(asLoadedIn(object, cell), await withSymbols(types, object.bpf));
    if (again) predicted.set(cell, again.relocations);
  }
  return (cell) => predicted.get(cell) ?? null;
}

export interface Predictions {
  failures: ProgramFailure[];
  recordsOf: RecordsOf;
}

/** Predicts the failures and relocation records of objects on kernels, kernel by kernel. */
export async function failuresByPrediction(objects: readonly RunObject[], cache: KernelCache): Promise<Predictions> {
  const failures: ProgramFailure[] = [];
  const recordSets = new Map<string, readonly CellRelocation[]>();
  const keyOf = (object: string, kernel: string) => JSON.stringify([object, kernel]);
  const names = objects.flatMap(({ bpf }) => namesOutsideVmlinux(bpf));
  for (const { id, release, path, image } of cache.kernels) {
    const plain = await cache.typesOf(id);
    const types = plain && (await withPackage(plain, image, { names, make: true }));
    for (const { result, bpf, prepared } of objects) {
      // The kernel may have BTF that cannot be read.
      if (!types && path !== null) continue;
      const cell = (await predictionOf({ bpf, prepared }, { release, types, image }))();
      failures.push(...predictedFailures({ result, bpf }, cell, id));
      recordSets.set(keyOf(result.id, id), cell.relocations);
    }
  }
  return { failures, recordsOf: ({ result }, kernel) => recordSets.get(keyOf(result.id, kernel)) ?? null };
}

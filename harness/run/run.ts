// A run: all chosen cells, with a limited number of guests at a time. It reports its progress as events.
import { kernelNames } from '../results/kernel-names.ts';
import { mkdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import { planKernels } from '../../kernels/plan.ts';
import { removeUnfinished } from '../../kernels/prune.ts';
import { pullKernel } from '../../kernels/pull.ts';
import { UserError } from '../base/errors.ts';
import { unlessInterrupted } from '../base/interrupted.ts';
import type { OwnedFolder } from '../base/ownership.ts';
import { everyCell } from '../plan/choice/choice.ts';
import { plural } from '../base/text.ts';
import type { Results } from '../results/schema.ts';
import { assembleResults } from './assemble.ts';
import { chosenObjects, runColumn } from './column.ts';
import { commitOf } from './commit.ts';
import { checkCustomBtf } from './custom-btf-check.ts';
import type { Emit } from './events.ts';
import { largestMemory } from './guest-memory.ts';
import { availableMiB, jobsFor, qemuVersion } from './host.ts';
import type { Keep, RunRequest } from './run-request.ts';
import { checkRunModules } from './module-check.ts';
import { openSession } from './session.ts';
import { makeWorkFolder } from './work-folder.ts';

/** Maximum number of downloads at a time. */
const PULLS = 3;

/** The folder that the run works in. One that is to be kept is the user's own. */
async function workFolder(keep: Keep | undefined): Promise<Pick<OwnedFolder, 'path' | 'remove'>> {
  if (!keep) return makeWorkFolder();
  await mkdir(keep.work, { recursive: true });
  return { path: keep.work, remove: async () => {} };
}

/**
 * Runs the whole matrix and returns its results. After an interrupt, the results have the finished cells, and the others as `not-run`.
 * @throws UserError for an invalid plan, InfraError if nothing can run
 */
export async function run(request: RunRequest, emit: Emit, signal: AbortSignal): Promise<Results> {
  const startedAt = new Date().toISOString();
  const { objects, kernelOptions, keep } = request;
  const qemu = await qemuVersion();
  const commit = commitOf(process.cwd(), process.env);
  const planned = await unlessInterrupted(signal, planKernels([...request.selectors], kernelOptions));
  if (planned.length === 0) throw new UserError('no kernels to run on: every kernel is optional, and none is available');
  const freeMiB = await availableMiB();
  const jobs = jobsFor(request.jobs ?? availableParallelism(), freeMiB);
  if (request.jobs !== undefined && jobs < request.jobs)
    emit({
      kind: 'note',
      text: `--jobs ${request.jobs}: ${plural(jobs, 'guest')} at a time, because only ${freeMiB} MiB of memory are free`,
    });
  const largestMiB = request.largestMiB ?? largestMemory(freeMiB);
  const choiceOf = (request.choose ?? everyCell)(
    planned,
    objects.map(({ result }) => result),
  );
  const busy = planned
    .map((kernel) => ({ kernel, objects: chosenObjects({ request, choiceOf }, kernel.id) }))
    .filter(({ objects: chosen }) => chosen.length > 0);
  const total = busy.reduce((sum, { objects: chosen }) => sum + chosen.length, 0);
  const names = kernelNames(planned);
  emit({ kind: 'planned', kernels: busy.length, objects: objects.length, cells: total, jobs, names });
  await removeUnfinished(request.cache);
  const work = await workFolder(keep);
  try {
    const pulls = pLimit(PULLS);
    const pulling = busy.map(({ kernel, objects: chosen }) => ({
      id: kernel.id,
      objects: chosen,
      image: pulls(async () => unlessInterrupted(signal, pullKernel(kernel, kernelOptions))),
    }));
    await checkCustomBtf(pulling);
    await checkRunModules(pulling, names, kernelOptions);
    const session = openSession(
      { request, startedAt, emit, signal, work: work.path, qemu, jobs, largestMiB, choiceOf, total },
      pulling.map(({ image }) => image),
    );
    const pulled = new Map(pulling.map(({ id, image }) => [id, image]));
    const columns = await Promise.all(planned.map(async (kernel) => runColumn(session, kernel, pulled.get(kernel.id) ?? null)));
    return await assembleResults(session, columns, await commit);
  } finally {
    await work.remove();
  }
}

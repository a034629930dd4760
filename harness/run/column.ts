// The cells of one kernel, in the order of the objects.
import type { KernelImage } from '../../kernels/pull.ts';
import type { PlannedKernel } from '../../kernels/registered.ts';
import { toInfraError } from '../base/errors.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { type KernelLayouts, layoutsOn } from '../results/collected-layouts.ts';
import { uniformCell } from '../results/uniform-cell.ts';
import type { CellResult, KernelResult } from '../results/schema.ts';
import { plannedResult, type ReadyKernel } from './kernel.ts';
import { firstMemory } from './guest-memory.ts';
import { isPredictedToFail } from './kernel-types.ts';
import { finish, type GuestsOf, scheduleCell, scheduleKernel, type Urgency } from './scheduling.ts';
import type { RunSession, SessionStart } from './session.ts';

export interface Column {
  kernel: KernelResult;
  cells: CellResult[];
  /** Null without BTF. */
  layouts: KernelLayouts | null;
}

/** The objects that run on a kernel. */
export function chosenObjects({ request, choiceOf }: Pick<SessionStart, 'request' | 'choiceOf'>, kernel: string): RunObject[] {
  return request.objects.filter((object) => choiceOf(kernel, object.result.id) === 'run');
}

/** The cells of a kernel that is not available. */
function unavailable(
  session: RunSession,
  planned: PlannedKernel,
  failure: 'infra-boot' | 'infra-kernel-unavailable',
  error: unknown,
): Column {
  const { emit, signal } = session;
  const kernel = plannedResult(planned);
  const reason = toInfraError(error).message;
  if (!signal.aborted) emit({ kind: 'kernel-failed', kernel: planned.id, reason });
  const cells = chosenObjects(session, planned.id).map((object) =>
    signal.aborted
      ? uniformCell(kernel.id, object.result, 'not-run', null)
      : finish(session, uniformCell(kernel.id, object.result, 'infra', { class: failure, reason }), kernel),
  );
  return { kernel, cells, layouts: null };
}

/** Makes guests of a kernel ready when a cell first needs their kind. All kinds share the types of the first. */
function guestsOfKernel(session: RunSession, image: KernelImage): GuestsOf {
  const kinds = new Map<string, Promise<ReadyKernel>>();
  let first: Promise<ReadyKernel> | null = null;
  const make = async (loader: string | null, memoryMiB: number, original: Promise<ReadyKernel> | null) => {
    const types = await original?.then((ready) => ready.types);
    const ready = await scheduleKernel(session, image, { loader, memoryMiB });
    return types ? { ...ready, types } : ready;
  };
  return async (loader, memoryMiB) => {
    const key = JSON.stringify([loader, memoryMiB]);
    const made = kinds.get(key) ?? make(loader, memoryMiB, first);
    first ??= made;
    kinds.set(key, made);
    return made;
  };
}

/** The objects of a kernel; if predictions decide, those that are predicted to fail come first, before a free slot takes another. */
async function urgentFirst({ request, signal }: RunSession, kernel: ReadyKernel, objects: readonly RunObject[]): Promise<Urgency[]> {
  if (request.predictFirst !== true) return objects.map((object) => ({ object, isUrgent: false }));
  const predicted = await Promise.all(
    objects.map(async (object) => ({ object, isUrgent: await isPredictedToFail(kernel, object, signal) })),
  );
  return predicted.toSorted((a, b) => Number(b.isUrgent) - Number(a.isUrgent));
}

/** @param planned cells were chosen by its id; the image may be of another package and have another id */
async function runReady(session: RunSession, planned: PlannedKernel, image: KernelImage): Promise<Column> {
  const objects = chosenObjects(session, planned.id);
  const guestsOf = guestsOfKernel(session, image);
  // The smallest guests represent the kernel: they are ready soonest.
  const memoryOf = (object: RunObject) => firstMemory(object, session.largestMiB);
  const [small] = objects.toSorted((a, b) => memoryOf(a) - memoryOf(b));
  if (!small) throw new Error(`nothing runs on ${planned.id}`);
  const first = await guestsOf(small.prepared.loader ?? null, memoryOf(small));
  session.emit({
    kind: 'kernel-ready',
    kernel: planned.id,
    release: first.result.release ?? '',
    fromCache: first.fromCache,
    bootMs: first.result.boot?.durationMs ?? null,
  });
  const ordered = await urgentFirst(session, first, objects);
  const cells = await Promise.all(ordered.map(async (each) => scheduleCell(session, first, guestsOf, each)));
  const types = await first.types();
  const notes = types.readable ? [] : [`nothing is predicted: ${types.reason}`];
  const layouts = types.kernel && layoutsOn(first.result.id, types.kernel, session.touched);
  return { kernel: { ...first.result, notes: [...first.result.notes, ...notes] }, cells, layouts };
}

async function runKernel(session: RunSession, planned: PlannedKernel, pulled: Promise<KernelImage>): Promise<Column> {
  let image: KernelImage;
  try {
    image = await pulled;
  } catch (error) {
    return unavailable(session, planned, 'infra-kernel-unavailable', error);
  }
  try {
    return await runReady(session, planned, image);
  } catch (error) {
    return unavailable(session, planned, 'infra-boot', error);
  }
}

/**
 * Runs the cells of a kernel, and adds those that were left out.
 * @param pulled null for a kernel without cells to run, which is neither downloaded nor booted
 */
export async function runColumn(session: RunSession, planned: PlannedKernel, pulled: Promise<KernelImage> | null): Promise<Column> {
  const ran = pulled === null ? { kernel: plannedResult(planned), cells: [], layouts: null } : await runKernel(session, planned, pulled);
  const cells = session.request.objects.flatMap(({ result }) => {
    const choice = session.choiceOf(planned.id, result.id);
    if (typeof choice === 'object') return [uniformCell(planned.id, result, 'skip', { class: null, reason: choice.skip })];
    return ran.cells.filter((cell) => cell.object === result.id);
  });
  return { ...ran, kernel: { ...ran.kernel, ...(planned.optional && { optional: true as const }) }, cells };
}

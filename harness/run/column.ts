// The cells of one kernel, in the order of the objects.
import type { KernelImage } from '../../kernels/pull.ts';
import type { PlannedKernel } from '../../kernels/registered.ts';
import { toInfraError } from '../base/errors.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { type KernelLayouts, layoutsOn } from '../results/collected-layouts.ts';
import { uniformCell } from '../results/uniform-cell.ts';
import type { CellResult, KernelResult } from '../results/schema.ts';
import { plannedResult, type ReadyKernel } from './kernel.ts';
import { finish, scheduleCell, scheduleKernel } from './scheduling.ts';
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

interface ReadyKernels {
  /** The one that represents the kernel in the results. The others differ only by the agent in their guests. */
  first: ReadyKernel;
  /** By the release of libbpf that objects name; null for the default release. */
  byRelease: ReadonlyMap<string | null, ReadyKernel>;
}

async function readyKernels(session: RunSession, image: KernelImage, objects: readonly RunObject[]): Promise<ReadyKernels> {
  const [release = null, ...others] = new Set(objects.map(({ prepared }) => prepared.loader ?? null));
  const first = await scheduleKernel(session, image, release);
  const byRelease = new Map([[release, first]]);
  for (const other of others) byRelease.set(other, { ...(await scheduleKernel(session, image, other)), types: first.types });
  return { first, byRelease };
}

/** @param planned cells were chosen by its id; the image may be of another package and have another id */
async function runReady(session: RunSession, planned: PlannedKernel, image: KernelImage): Promise<Column> {
  const objects = chosenObjects(session, planned.id);
  const { first, byRelease } = await readyKernels(session, image, objects);
  session.emit({
    kind: 'kernel-ready',
    kernel: planned.id,
    release: first.result.release ?? '',
    fromCache: first.fromCache,
    bootMs: first.result.boot?.durationMs ?? 0,
  });
  const cells = await Promise.all(
    objects.map(async (object) => scheduleCell(session, byRelease.get(object.prepared.loader ?? null) ?? first, object)),
  );
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

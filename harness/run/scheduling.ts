// Decides when kernels and cells of a run get a guest, and which boots are tried again.
import type { KernelImage } from '../../kernels/pull.ts';
import { InfraError, messageOf, toInfraError } from '../base/errors.ts';
import { unlessInterrupted } from '../base/interrupted.ts';
import { applyExpectations } from '../plan/expectations/expectations.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { copyWithinLimits } from '../results/copy-logs.ts';
import { createLogStore } from '../results/logs.ts';
import { uniformCell } from '../results/uniform-cell.ts';
import type { CellResult, KernelResult, LogStore } from '../results/schema.ts';
import type { FailureClass } from '../base/failures.ts';
import { DEFAULT_MACHINE } from '../guest/machine.ts';
import { runCell } from './cell.ts';
import { firstMemory, isShortOfMemory, nextMemory, tooLarge } from './guest-memory.ts';
import { cellIdentity, searchedModules } from './identity.ts';
import { makeReady, type ReadyKernel } from './kernel.ts';
import type { RunSession } from './session.ts';
import type { CellIdentity } from './stored-cell.ts';
import { bootLimit, cellLimits } from './time-limits.ts';

/** Without predictions all tasks are equally urgent. */
const URGENCY = { kernel: 2, predicted: 1, cell: 0 } as const;

/** Counts a cell as finished, and reports it. */
export function finish(session: RunSession, cell: CellResult, kernel: KernelResult): CellResult {
  session.done += 1;
  const { done, total } = session;
  session.emit({ kind: 'cell-finished', cell, kernel, done, total });
  return cell;
}

/** The verdict of a killed run that this one resumes, or of an earlier run, with its logs added to `logs`; null if there is none. */
async function earlierVerdict({ request, verdicts }: RunSession, identity: CellIdentity, logs: LogStore): Promise<CellResult | null> {
  return request.journal?.find(identity, logs) ?? (await verdicts?.find(identity, logs)) ?? null;
}

/** The guests of a kernel, by the loader in them (null for the default agent) and their memory in MiB. */
export type GuestsOf = (loader: string | null, memoryMiB: number) => Promise<ReadyKernel>;

/** Runs a task when the machine can bear another guest of this size. */
async function inSlot<Result>(session: RunSession, memoryMiB: number, urgency: number, task: () => Promise<Result>): Promise<Result> {
  const small = async () => session.slots(urgency, task);
  return memoryMiB > DEFAULT_MACHINE.memoryMiB ? session.large(urgency, small) : small();
}

/** An object to run. Urgent ones get the next free slot. */
export interface Urgency {
  object: RunObject;
  isUrgent: boolean;
}

interface Scheduled extends Urgency {
  ready: ReadyKernel;
  memoryMiB: number;
}

/** Runs a cell in a guest of one size. Null if that guest is too small for the object and a larger one is possible. */
async function runInGuest(session: RunSession, { ready, object, memoryMiB, isUrgent }: Scheduled): Promise<CellResult | null> {
  const { request, signal, verdicts, logs } = session;
  const kernel = ready.result;
  // The logs of the cell alone: only what is within the limits becomes a part of the run.
  const own = createLogStore(null);
  const customBtf = (await object.prepared.btf?.(kernel.release)) ?? null;
  const timed = { programs: object.result.programs.length, settings: object.prepared };
  const limits = cellLimits(request.limits ?? {}, timed, (await session.accel).accel);
  const expected = (cell: CellResult) => finish(session, applyExpectations(cell, request.expectations, object.result, kernel), kernel);
  return inSlot(session, memoryMiB, isUrgent ? URGENCY.predicted : URGENCY.cell, async () => {
    if (signal.aborted) return uniformCell(kernel.id, object.result, 'not-run', null);
    const packageModules = await searchedModules(ready, object);
    const identity = cellIdentity(await session.identity, { ...ready, packageModules }, object, customBtf);
    const earlier = await earlierVerdict(session, identity, own);
    if (earlier) return expected({ ...copyWithinLimits(earlier, own, logs, session.logRoom), kernel: kernel.id, object: object.result.id });
    session.emit({ kind: 'cell-started', kernel: kernel.id, object: object.result.id });
    try {
      const ran = await unlessInterrupted(signal, runCell({ ...session, logs: own, kernel: ready, object, customBtf, limits }));
      const isShort = isShortOfMemory(ran, object, memoryMiB);
      if (isShort && nextMemory(memoryMiB, session.largestMiB) !== null) return null;
      const cell = copyWithinLimits(ran, own, logs, session.logRoom);
      if (isShort) return finish(session, tooLarge(cell, object.result, memoryMiB), kernel);
      await request.journal?.append(identity, cell, logs);
      await verdicts?.keep(identity, cell, logs);
      return expected(cell);
    } catch (error) {
      if (signal.aborted) return uniformCell(kernel.id, object.result, 'not-run', null);
      return finish(session, uniformCell(kernel.id, object.result, 'infra', failureOf(error)), kernel);
    }
  });
}

function failureOf(error: unknown): { class: FailureClass; reason: string } {
  const { failure, message } = toInfraError(error);
  return { class: failure, reason: message };
}

/**
 * Runs the cell of an object when a slot is free, unless an earlier verdict is valid. If its guest is too small, a larger one runs it.
 * Rejects only for a bug in this program.
 * @param first represents the kernel in results
 */
export async function scheduleCell(
  session: RunSession,
  first: ReadyKernel,
  guestsOf: GuestsOf,
  { object, isUrgent }: Urgency,
): Promise<CellResult> {
  const { signal, largestMiB } = session;
  const kernel = first.result;
  let memoryMiB = firstMemory(object, largestMiB);
  for (;;) {
    let ready: ReadyKernel;
    try {
      ready = await guestsOf(object.prepared.loader ?? null, memoryMiB);
    } catch (error) {
      if (signal.aborted) return uniformCell(kernel.id, object.result, 'not-run', null);
      return finish(session, uniformCell(kernel.id, object.result, 'infra', failureOf(error)), kernel);
    }
    const cell = await runInGuest(session, { ready, object, memoryMiB, isUrgent });
    if (cell) return cell;
    memoryMiB = nextMemory(memoryMiB, largestMiB) ?? memoryMiB;
    session.emit({ kind: 'note', text: `${object.result.id} on ${kernel.id}: its guest is too small, and gets ${memoryMiB} MiB` });
  }
}

/**
 * Makes a kernel ready when a slot is free. A boot that broke off is tried again; a boot that took too long is not.
 * @param loader the loader in the guests; null for the default agent
 * @throws InfraError if the kernel does not boot
 */
export async function scheduleKernel(
  session: RunSession,
  image: KernelImage,
  { loader, memoryMiB }: { loader: string | null; memoryMiB: number },
): Promise<ReadyKernel> {
  const { request, signal } = session;
  const { accel } = await session.accel;
  const agent = loader === null ? request.agent : request.otherAgents?.get(loader);
  if (!agent) throw new Error(`no agent with ${loader}`);
  const setup = { ...session, agent, accel, memoryMiB, bootLimitMs: bootLimit(request.limits ?? {}, accel) };
  const ready = async () => unlessInterrupted(signal, makeReady(image, setup));
  return inSlot(session, memoryMiB, request.predictFirst === true ? URGENCY.kernel : URGENCY.cell, async () => {
    try {
      return await ready();
    } catch (error) {
      signal.throwIfAborted();
      const cause = error instanceof InfraError ? error.cause : null;
      if (cause instanceof InfraError && cause.failure === 'infra-timeout')
        throw new InfraError(`${messageOf(error)}; --boot-timeout changes the limit`, { cause: error, failure: 'infra-boot' });
      return ready();
    }
  });
}

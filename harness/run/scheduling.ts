// Decides when kernels and cells of a run get a guest, and which boots are tried again.
import type { KernelImage } from '../../kernels/pull.ts';
import { InfraError, messageOf, toInfraError } from '../base/errors.ts';
import { unlessInterrupted } from '../base/interrupted.ts';
import { applyExpectations } from '../plan/expectations/expectations.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import { uniformCell } from '../results/uniform-cell.ts';
import type { CellResult, KernelResult } from '../results/schema.ts';
import { runCell } from './cell.ts';
import { cellIdentity } from './identity.ts';
import { makeReady, type ReadyKernel } from './kernel.ts';
import { isPredictedToFail } from './kernel-types.ts';
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

/** The verdict of a killed run that this one resumes, or of an earlier run; null if there is none. */
async function earlierVerdict({ request, verdicts, logs }: RunSession, identity: CellIdentity): Promise<CellResult | null> {
  return request.journal?.find(identity, logs) ?? (await verdicts?.find(identity, logs)) ?? null;
}

/** Runs the cell of an object when a slot is free, unless an earlier verdict is valid. Rejects only for a bug in this program. */
export async function scheduleCell(session: RunSession, ready: ReadyKernel, object: RunObject): Promise<CellResult> {
  const { request, signal, verdicts, logs } = session;
  const kernel = ready.result;
  const customBtf = (await object.prepared.btf?.(kernel.release)) ?? null;
  const isUrgent = request.predictFirst === true && (await isPredictedToFail(ready, object, customBtf));
  const limits = cellLimits(request.limits ?? {}, object.prepared, (await session.accel).accel);
  const expected = (cell: CellResult) => finish(session, applyExpectations(cell, request.expectations, object.result, kernel), kernel);
  return session.slots(isUrgent ? URGENCY.predicted : URGENCY.cell, async () => {
    if (signal.aborted) return uniformCell(kernel.id, object.result, 'not-run', null);
    const identity = cellIdentity(await session.identity, ready, object, customBtf);
    const earlier = await earlierVerdict(session, identity);
    if (earlier) return expected({ ...earlier, kernel: kernel.id, object: object.result.id });
    session.emit({ kind: 'cell-started', kernel: kernel.id, object: object.result.id });
    try {
      const cell = await unlessInterrupted(signal, runCell({ ...session, kernel: ready, object, customBtf, limits }));
      await request.journal?.append(identity, cell, logs);
      await verdicts?.keep(identity, cell, logs);
      return expected(cell);
    } catch (error) {
      if (signal.aborted) return uniformCell(kernel.id, object.result, 'not-run', null);
      const { failure: failureClass, message } = toInfraError(error);
      const failure = { class: failureClass, reason: message };
      return finish(session, uniformCell(kernel.id, object.result, 'infra', failure), kernel);
    }
  });
}

/**
 * Makes a kernel ready when a slot is free. A boot that broke off is tried again; a boot that took too long is not.
 * @param release the release of libbpf in the agent; null for the default one
 * @throws InfraError if the kernel does not boot
 */
export async function scheduleKernel(session: RunSession, image: KernelImage, release: string | null): Promise<ReadyKernel> {
  const { request, signal } = session;
  const { accel } = await session.accel;
  const agent = release === null ? request.agent : request.otherAgents?.get(release);
  if (!agent) throw new Error(`no agent with libbpf ${release}`);
  const setup = { ...session, agent, accel, bootLimitMs: bootLimit(request.limits ?? {}, accel) };
  const ready = async () => unlessInterrupted(signal, makeReady(image, setup));
  return session.slots(request.predictFirst === true ? URGENCY.kernel : URGENCY.cell, async () => {
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

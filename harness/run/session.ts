// The state that all cells of a run share, from its start to its results.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { KernelImage } from '../../kernels/pull.ts';
import { touchedTypes } from '../explain/touched-types.ts';
import { type AccelChoice, chooseAccel } from '../guest/accel.ts';
import { prepareInitramfs } from '../guest/agent.ts';
import type { CellChoice } from '../plan/choice/choice.ts';
import { type LogRoom, logRoom } from '../results/copy-logs.ts';
import { createLogStore } from '../results/logs.ts';
import type { LogStore } from '../results/schema.ts';
import type { Emit } from './events.ts';
import { type GuestSlots, guestSlots } from './guest-slots.ts';
import { QEMU_PROGRAM } from './host.ts';
import { commonIdentity, type CommonIdentity } from './identity.ts';
import { bootImages } from './kernel.ts';
import type { RunRequest } from './run-request.ts';
import { type VerdictStore, verdictStore } from './verdicts.ts';

/** The part that is decided before the first guest starts. */
export interface SessionStart {
  request: RunRequest;
  startedAt: string;
  emit: Emit;
  signal: AbortSignal;
  /** The folder of the run for temporary files. */
  work: string;
  /** The version of QEMU, and the line of `--version` that contains it. */
  qemu: { version: string; line: string };
  /** Maximum number of guests at a time. */
  jobs: number;
  /** The largest memory of a guest on this machine, in MiB. */
  largestMiB: number;
  choiceOf: (kernel: string, object: string) => CellChoice;
  /** Number of cells to run. */
  total: number;
}

export interface RunSession extends SessionStart {
  id: string;
  /** Number of finished cells. */
  done: number;
  slots: GuestSlots;
  /** For guests that are larger than the default: one at a time, because the number of slots counts on small ones. */
  large: GuestSlots;
  logs: LogStore;
  /** The room for more logs in `logs`. */
  logRoom: LogRoom;
  /** Null for a run that neither reads nor writes verdicts. */
  verdicts: VerdictStore | null;
  /** The types whose layouts the results contain. */
  touched: readonly string[];
  accel: Promise<AccelChoice>;
  identity: Promise<CommonIdentity>;
}

/** Chooses the accelerator with the first kernel that is downloaded. */
async function chooseOnce({ request, work, qemu, signal }: SessionStart, pulled: readonly Promise<KernelImage>[]): Promise<AccelChoice> {
  if (pulled.length === 0) return { accel: 'tcg', reason: 'no cell was to run' };
  const first = request.accel === 'auto' ? await Promise.any(pulled).catch(() => null) : null;
  return chooseAccel(request.accel, {
    qemuVersion: qemu.line,
    outcomeFile: join(request.cache, 'accel.json'),
    qemuProgram: QEMU_PROGRAM,
    images: first ? bootImages(first) : [],
    initramfs: await prepareInitramfs(request.agent, null, work),
    directory: join(work, 'probe'),
    signal,
  });
}

/**
 * Opens a session and begins to choose the accelerator.
 * @param pulled the kernels that are being downloaded
 */
export function openSession(start: SessionStart, pulled: readonly Promise<KernelImage>[]): RunSession {
  const { request, emit, qemu, jobs } = start;
  const id = randomUUID();
  const accel = chooseOnce(start, pulled).then((choice) => {
    emit({ kind: 'accel', choice });
    return choice;
  });
  const identity = accel.then(async (choice) => commonIdentity(request, choice.accel, qemu.line));
  // Both may fail before a cell or the results wait for them; those then report the failure.
  for (const promise of [accel, identity]) promise.catch(() => undefined);
  return {
    ...start,
    id,
    done: 0,
    slots: guestSlots(jobs),
    large: guestSlots(1),
    logs: createLogStore(request.logFolder ?? start.work),
    logRoom: logRoom(request.logLimits),
    verdicts: request.verdicts === undefined ? null : verdictStore(request.cache, id, request.verdicts === 'reuse'),
    touched: [...new Set(request.objects.flatMap(({ bpf }) => touchedTypes(bpf)))],
    accel,
    identity,
  };
}

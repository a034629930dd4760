// The guests of a cell: a private copy of the snapshot, and more guests only if that one gives no verdict.
import { stoppedMs } from '../base/awake.ts';
import type { InfraClass } from '../base/errors.ts';
import type { GuestResult } from '../guest/cell.ts';
import type { Frame } from '../guest/protocol/frames.ts';
import { findKernelFault } from '../guest/health.ts';
import type { Attempt } from '../results/schema.ts';
import { type Crash, crashIn, type LoaderEnd, loaderEnd } from '../verdict/crash.ts';
import type { CellEvidence } from '../verdict/evidence/evidence.ts';
import { toEvidence } from './evidence.ts';
import { type NoVerdict, whyNoVerdict } from './no-verdict.ts';
import type { ReadyKernel } from './kernel.ts';

/** The answer of a guest, and whether the guest was healthy. */
export interface Examined {
  attempt: Attempt;
  guest: GuestResult;
  /** The evidence of the guest. It counts for a verdict only if `attempt.infra` is null. */
  evidence: CellEvidence;
  /** A crash in the guest that the object may have caused. */
  crash: Crash | null;
  /** Whether another guest would give the same answer, because this one was healthy. */
  settled: boolean;
}

/** The guests of a cell. Each call starts a new one with the same object. */
export interface CellGuests {
  restore: (() => Promise<GuestResult>) | null;
  boot: () => Promise<GuestResult>;
  renew: ReadyKernel['renew'];
  /** The reason for no verdict in a healthy guest; null if there can be one. @default whyNoVerdict */
  noVerdict?: (frames: readonly Frame[]) => NoVerdict | null;
  /** For how long the machine or this program has stood still so far, in milliseconds. @default stoppedMs() */
  stopped?: () => number;
}

/** Rounds milliseconds to a tenth. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/** The end of the loading process, null if it still runs. In a healthy guest it runs until the host ends it. */
function endOfLoader({ frames }: GuestResult): LoaderEnd | null {
  const crash = frames.find((frame) => frame.type === 'crash');
  return crash ? loaderEnd(crash.waitStatus) : null;
}

function examine(guest: GuestResult, isolation: Attempt['isolation'], noVerdictIn: NonNullable<CellGuests['noVerdict']>): Examined {
  const evidence = toEvidence(guest.frames, guest.console);
  const fault = findKernelFault(guest.console, evidence.kernelLog);
  const end = endOfLoader(guest);
  const noVerdict = !fault && guest.ok ? noVerdictIn(guest.frames) : null;
  const answer = (infra: InfraClass | null, reason: string | null): Examined => ({
    attempt: { isolation, infra, reason, durationMs: rounded(guest.durationMs) },
    guest,
    evidence,
    crash: crashIn(fault, end, guest.console),
    settled: infra === null || noVerdict !== null,
  });
  if (fault) return answer(fault.class, fault.reason);
  if (!guest.ok) return answer(guest.error.failure, guest.error.message);
  if (noVerdict) return answer(noVerdict.class, noVerdict.reason);
  if (!end) return answer(null, null);
  const how = end.signal === null ? `failed (status ${end.status})` : `was killed by ${end.signal}`;
  return answer('infra-crash', `the loading process in the guest ${how}`);
}

/** A guest that was stopped for this long, in milliseconds, may see a hang or a time limit that nobody caused. */
const LONG_STOP_MS = 5000;
const MAX_STOPPED = 3;

/** An attempt during which the machine stood still. It shows nothing about the object. */
function stoppedAttempt(examined: Examined, milliseconds: number): Examined {
  const reason = `the machine was suspended, or this program stopped, for ${Math.round(milliseconds / 1000)} s`;
  return { ...examined, attempt: { ...examined.attempt, infra: 'infra-timeout', reason }, crash: null, settled: false };
}

/**
 * Tries a cell until a guest gives a verdict: in a restored guest, in another restored one, then in a booted one. If only the booted one
 * gives a verdict, the snapshot may be damaged and is made again. After a crash of the kernel or of libbpf, the cell is booted twice
 * instead, because the object may have caused it. A load that only takes too long is not booted, because it would take too long there, too.
 * An attempt during which the machine stood still is made again.
 */
export async function tryGuests(guests: CellGuests): Promise<Examined[]> {
  const { restore, boot, renew, noVerdict = whyNoVerdict, stopped: stoppedSoFar = stoppedMs } = guests;
  const tries: Examined[] = [];
  const attempt = async (start: () => Promise<GuestResult>, isolation: Attempt['isolation'], left = MAX_STOPPED): Promise<Examined> => {
    const before = stoppedSoFar();
    const examined = examine(await start(), isolation, noVerdict);
    const stopped = stoppedSoFar() - before;
    if (stopped >= LONG_STOP_MS && left > 0) {
      tries.push(stoppedAttempt(examined, stopped));
      return attempt(start, isolation, left - 1);
    }
    tries.push(examined);
    return examined;
  };
  if (restore) {
    const first = await attempt(restore, 'snapshot');
    if (first.settled) return tries;
    const again = first.crash ? first : await attempt(restore, 'snapshot');
    if (again.settled || again.attempt.infra === 'infra-timeout') return tries;
  }
  const booted = await attempt(boot, 'boot');
  if (booted.settled) {
    if (restore) await renew?.();
    return tries;
  }
  if (booted.crash || !restore) await attempt(boot, 'boot');
  return tries;
}

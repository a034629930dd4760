// The guests a cell is tried in: a private copy of the snapshot, and more only when that gave no verdict.
import type { InfraClass } from '../base/errors.ts';
import type { GuestResult } from '../guest/cell.ts';
import { findKernelFault } from '../guest/health.ts';
import type { Attempt } from '../results/schema.ts';
import { type Crash, crashIn, type LoaderEnd, loaderEnd } from '../verdict/crash.ts';
import type { CellEvidence } from '../verdict/evidence/evidence.ts';
import { toEvidence } from './evidence.ts';
import { whyNoVerdict } from './no-verdict.ts';
import type { ReadyKernel } from './kernel.ts';

/** A guest's answer after it was asked whether it was well. */
export interface Examined {
  attempt: Attempt;
  guest: GuestResult;
  /** What it said; to be judged only where `attempt.infra` is null. */
  evidence: CellEvidence;
  /** What broke in it that the object may be to blame for. */
  crash: Crash | null;
  /** The guest was well: another one would come to the same. */
  settled: boolean;
}

/** The guests a cell may have: each call starts a new one with the same object. */
export interface CellGuests {
  restore: (() => Promise<GuestResult>) | null;
  boot: () => Promise<GuestResult>;
  renew: ReadyKernel['renew'];
}

/** Milliseconds to a tenth. */
export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/** How the loading process ended, which in a well guest waits to be ended by us. */
function endOfLoader({ frames }: GuestResult): LoaderEnd | null {
  const crash = frames.find((frame) => frame.type === 'crash');
  return crash ? loaderEnd(crash.waitStatus) : null;
}

function examine(guest: GuestResult, isolation: Attempt['isolation']): Examined {
  const evidence = toEvidence(guest.frames, guest.console);
  const fault = findKernelFault(guest.console, evidence.kernelLog);
  const end = endOfLoader(guest);
  const noVerdict = !fault && guest.ok ? whyNoVerdict(guest.frames) : null;
  const answer = (infra: InfraClass | null, reason: string | null): Examined => ({
    attempt: { isolation, infra, reason, durationMs: rounded(guest.durationMs) },
    guest,
    evidence,
    crash: crashIn(fault, end),
    settled: infra === null || noVerdict !== null,
  });
  if (fault) return answer(fault.class, fault.reason);
  if (!guest.ok) return answer(guest.error.failure, guest.error.message);
  if (noVerdict) return answer(noVerdict.class, noVerdict.reason);
  if (!end) return answer(null, null);
  const how = end.signal === null ? `failed (status ${end.status})` : `died of ${end.signal}`;
  return answer('infra-crash', `the loading process in the guest ${how}`);
}

/**
 * Tries a cell until a guest gives a verdict: a restore, once more a restore, a boot. When only the boot does, the snapshot is suspect
 * and made anew. A kernel or a libbpf that breaks is booted twice instead, because then it may be the object that breaks it. A load that
 * only takes too long is not tried in a boot: it takes long there too.
 */
export async function tryGuests(guests: CellGuests): Promise<Examined[]> {
  const tries: Examined[] = [];
  const attempt = async (start: () => Promise<GuestResult>, isolation: Attempt['isolation']) => {
    const examined = examine(await start(), isolation);
    tries.push(examined);
    return examined;
  };
  const { restore, boot, renew } = guests;
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

// The guests a cell is tried in: a private copy of the snapshot, and more only when that gave no verdict.
import type { InfraClass } from '../errors.ts';
import type { GuestAnswer, GuestResult } from '../guest/cell.ts';
import { findTrouble, type Trouble } from '../guest/health.ts';
import type { Attempt } from '../results/schema.ts';
import type { CellEvidence } from '../verdict/evidence.ts';
import { toEvidence } from './evidence.ts';
import type { ReadyKernel } from './kernel.ts';

/** A guest's answer after it was asked whether it was well. */
export interface Examined {
  attempt: Attempt;
  guest: GuestResult;
  /** What it said; to be judged only where `attempt.infra` is null. */
  evidence: CellEvidence;
  /** What its kernel complained of. */
  trouble: Trouble | null;
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

/** A helper that died of a signal or reported none of its attempts gave no verdict either. */
function helperTrouble(guest: GuestAnswer): string | null {
  const crash = guest.frames.find((frame) => frame.type === 'crash');
  if (!crash) return null;
  const signal = crash.waitStatus & 0x7f;
  return signal === 0
    ? `the loading process in the guest failed (status ${crash.waitStatus >> 8})`
    : `the loading process in the guest died of signal ${signal}`;
}

function examine(guest: GuestResult, isolation: Attempt['isolation']): Examined {
  const evidence = toEvidence(guest.frames, guest.console);
  const trouble = findTrouble(guest.console, evidence.kernelLog);
  const answer = (infra: InfraClass | null, reason: string | null): Examined => ({
    attempt: { isolation, infra, reason, durationMs: rounded(guest.durationMs) },
    guest,
    evidence,
    trouble,
  });
  if (trouble) return answer(trouble.class, trouble.reason);
  if (!guest.ok) return answer(guest.error.failure, guest.error.message);
  const broken = helperTrouble(guest);
  return broken === null ? answer(null, null) : answer('infra-crash', broken);
}

/**
 * Tries a cell until a guest gives a verdict: a restore, once more a restore, a boot. When only the boot does, the snapshot is suspect
 * and made anew. A kernel that breaks is booted twice, because then it may be the object that breaks it. A load that only takes too long
 * is not tried in a boot: it takes long there too.
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
    if (first.attempt.infra === null) return tries;
    const again = first.trouble ? first : await attempt(restore, 'snapshot');
    if (again.attempt.infra === null || again.attempt.infra === 'infra-timeout') return tries;
  }
  const booted = await attempt(boot, 'boot');
  if (booted.attempt.infra === null) {
    if (restore) await renew?.();
    return tries;
  }
  if (booted.trouble || !restore) await attempt(boot, 'boot');
  return tries;
}

/** What breaks the kernel in two fresh boots, when it does: then that is the verdict on the object. */
export function brokenKernel(tries: readonly Examined[]): Trouble | null {
  const [before, last] = tries.slice(-2);
  if (before?.attempt.isolation !== 'boot' || !before.trouble?.grave || !last?.trouble?.grave) return null;
  return last.trouble;
}

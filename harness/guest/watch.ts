// Waits for the answer of a guest: by its bell, and by polling its mailbox. So a lost ring does not hang the run, a hanging guest
// is noticed, and a load that takes minutes is neither.
import { setTimeout as sleep } from 'node:timers/promises';
import { awakeNow } from '../base/awake.ts';
import { InfraError } from '../base/errors.ts';
import type { Ring } from './bell.ts';
import type { ResponseHeader } from './protocol/response.ts';
import { type LiveMailbox, readHeader } from './response.ts';

/** Time limits of a guest. */
export interface CellLimits {
  /** Milliseconds for the whole answer. */
  cellMs: number;
  /** Milliseconds for any sign of life: a heartbeat of the agent, or a line of a log. */
  stallMs: number;
}

/** Most cells end before the first poll. */
const FIRST_LOOK_MS = 2000;
const LOOK_MS = 1000;
/** Time for a ring to arrive. */
const RING_MS = 500;
/** Time to wait for the end of QEMU. */
const GONE_MS = 1000;

type Found = { kind: 'ring'; ring: Ring } | { kind: 'failed'; error: unknown };

function lostRing({ address }: LiveMailbox, responseOffset: number, { length, crc }: ResponseHeader): Ring {
  return { word: 'done', mailboxAddress: address, offset: responseOffset, length, crc };
}

async function look(mailbox: LiveMailbox, responseOffset: number, stallMs: number, signal: AbortSignal): Promise<Found> {
  let last = { beats: -1, length: -1 };
  let since = awakeNow();
  await sleep(FIRST_LOOK_MS, undefined, { signal });
  for (;;) {
    const header = await readHeader(mailbox);
    if (header?.complete) {
      await sleep(RING_MS, undefined, { signal });
      return { kind: 'ring', ring: lostRing(mailbox, responseOffset, header) };
    }
    const { beats, length } = header ?? { beats: 0, length: 0 };
    if (beats !== last.beats || length !== last.length) since = awakeNow();
    last = { beats, length };
    if (awakeNow() - since > stallMs) {
      const reason = `the guest hangs: no sign of life for ${stallMs / 1000} s`;
      return { kind: 'failed', error: new InfraError(reason, { failure: 'infra-crash' }) };
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
}

/**
 * The ring that ends a cell. A complete response without a ring counts as one.
 * @param responseOffset where the response begins in the mailbox
 * @throws InfraError with class `infra-timeout` if a living guest exceeds its time, with another class if it hangs or has ended
 */
export async function awaitDone(mailbox: LiveMailbox, responseOffset: number, limits: CellLimits): Promise<Ring> {
  const watching = new AbortController();
  const ringing = mailbox.qemu.nextRing(limits.cellMs).then(
    (ring): Found => ({ kind: 'ring', ring }),
    (error: unknown): Found => ({ kind: 'failed', error }),
  );
  // A poll fails if QEMU has ended, which the bell reports better, or if it is stopped.
  const looking = look(mailbox, responseOffset, limits.stallMs, watching.signal).catch(async (error: unknown) => {
    await Promise.race([ringing, sleep(GONE_MS, undefined, { signal: watching.signal })]).catch(() => undefined);
    return { kind: 'failed', error } as const;
  });
  const found = await Promise.race([ringing, looking]);
  watching.abort();
  if (found.kind === 'ring') return found.ring;
  const { error } = found;
  if (!(error instanceof InfraError) || error.failure !== 'infra-timeout') throw error;
  const reason = `the guest is alive but not done after ${limits.cellMs / 1000} s; --timeout changes the limit`;
  throw new InfraError(reason, { failure: 'infra-timeout' });
}

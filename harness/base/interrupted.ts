// What an interrupt does to work that goes on.
import { setTimeout as sleep } from 'node:timers/promises';

/** Time for work to clear up after an interrupt, in milliseconds. */
const GRACE_MS = 1000;

/**
 * Waits for work that may not listen to its signal, such as a decompressor. After an interrupt the work gets a moment to clear up.
 * @throws whatever the work throws; the signal's reason if the work goes on for too long after an interrupt
 */
export async function unlessInterrupted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const settled = new AbortController();
  const interrupted = async (): Promise<never> => {
    const waiting = AbortSignal.any([signal, settled.signal]);
    if (!waiting.aborted) await new Promise((resolve) => waiting.addEventListener('abort', resolve, { once: true }));
    if (!settled.signal.aborted) await sleep(GRACE_MS, undefined, { signal: settled.signal });
    throw signal.reason;
  };
  const giveUp = interrupted();
  // The loser of the race may fail, too.
  giveUp.catch(() => undefined);
  try {
    return await Promise.race([work, giveUp]);
  } finally {
    settled.abort();
  }
}

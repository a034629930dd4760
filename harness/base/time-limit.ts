// The longest time that a timer of Node.js can wait. A longer one ends at once.

/** @see setTimeout in the documentation of Node.js: a delay over 2147483647 ms becomes 1 ms */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The maximum of every time limit that a user sets, in whole seconds: 24 days. */
export const MAX_SECONDS = Math.floor(MAX_TIMER_MS / 1000);

/** Milliseconds for a timer: at most what a timer can wait. */
export function timerMs(milliseconds: number): number {
  return Math.min(milliseconds, MAX_TIMER_MS);
}

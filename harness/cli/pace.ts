// How fast a run goes and how long it will take.

/** Estimates of fewer cells or a shorter time are wrong by more than half. */
const FEWEST_CELLS = 3;
const SHORTEST_MS = 3000;

export interface Pace {
  /** Time since the run was planned, in milliseconds. */
  elapsedMs: number;
  /** Number of cells that have run. Reused verdicts take no time and do not count. */
  ran: number;
  /** Number of cells that are left. */
  left: number;
}

/** `1:05`, `2:03:09`. */
export function clock(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/** `1:05, 2.1 cells/s, about 0:26 left`; without rate and estimate before these can be known. */
export function paceText({ elapsedMs, ran, left }: Pace): string {
  if (ran < FEWEST_CELLS || elapsedMs < SHORTEST_MS) return clock(elapsedMs);
  const perSecond = (1000 * ran) / elapsedMs;
  const rate = perSecond >= 1 ? `${perSecond.toFixed(1)} cells/s` : `${(60 * perSecond).toFixed(1)} cells/min`;
  const estimate = left > 0 ? `, about ${clock((left * elapsedMs) / ran)} left` : '';
  return `${clock(elapsedMs)}, ${rate}${estimate}`;
}

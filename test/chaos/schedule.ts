// Makes a schedule of faults from a seed. The same seed always gives the same schedule.
import { FAULTS, type FaultName, type Phase, type PlannedFault } from './faults.ts';

export interface Schedule {
  seed: number;
  /** If true, the run begins without a snapshot and boots its kernel. */
  cold: boolean;
  /** At most one fault for each arrival at a phase, and at most one that ends the program. */
  faults: PlannedFault[];
}

const LEAST_FAULTS = 2;
const MAX_FAULTS = 4;
/** One of this many runs begins without a snapshot. */
const COLD_ONE_IN = 6;

/**
 * Numbers from 0 to 1 that depend only on the seed (mulberry32).
 * @see https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ends = ({ fault }: { fault: FaultName }) => FAULTS[fault].shows === 'resumed';

/** The possible faults with their phases. Only a run without a snapshot is certain to boot its kernel. */
function targets(cold: boolean): { fault: FaultName; phase: Phase }[] {
  const names = Object.keys(FAULTS).filter((name): name is FaultName => name in FAULTS);
  return names.flatMap((fault) =>
    FAULTS[fault].phases.filter((phase) => cold || (phase !== 'boot' && phase !== 'snapshot')).map((phase) => ({ fault, phase })),
  );
}

/**
 * The schedule of a seed.
 * @param cells number of cells of the run; a phase is reached at least that many times
 */
export function scheduleOf(seed: number, cells: number): Schedule {
  const next = numbersFrom(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  const cold = below(COLD_ONE_IN) === 0;
  const possible = targets(cold);
  const faults = new Map<string, PlannedFault>();
  for (let left = LEAST_FAULTS + below(MAX_FAULTS - LEAST_FAULTS + 1); left > 0; left--) {
    const target = possible[below(possible.length)];
    if (!target) continue;
    const time = target.phase === 'boot' || target.phase === 'snapshot' ? 1 : 1 + below(cells);
    const place = `${target.phase} ${time}`;
    const secondEnd = ends(target) && [...faults.values()].some(ends);
    if (!faults.has(place) && !secondEnd) faults.set(place, { ...target, time });
  }
  return { seed, cold, faults: [...faults.values()] };
}

/** Prints a schedule in one line. */
export function describeSchedule({ seed, cold, faults }: Schedule): string {
  const planned = faults.map(({ fault, phase, time }) => `${fault} at ${phase} ${time}`);
  return `seed ${seed}${cold ? ' (no snapshot)' : ''}: ${planned.join(', ')}`;
}

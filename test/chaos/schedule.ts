// Makes a schedule of faults from a seed. The same seed always gives the same schedule.
import { endingOf, FAULTS, type FaultName, isMirrorPhase, type Phase, type PlannedFault } from './faults.ts';

export interface Schedule {
  seed: number;
  /** If true, the run begins without a snapshot and boots its kernel. */
  cold: boolean;
  /** If true, the run begins without its kernel and downloads it from a mirror on this machine. */
  pulls: boolean;
  /** At most one fault for each arrival at a phase, and at most one that ends the program. */
  faults: PlannedFault[];
}

const LEAST_FAULTS = 2;
const MAX_FAULTS = 4;
/** One of this many runs begins without a snapshot. */
const COLD_ONE_IN = 6;
/** One of this many runs downloads its kernel; the first fault then hits the download. */
const PULLS_ONE_IN = 5;
/** Phases that every run reaches only once, if no earlier fault hits it there. */
const ONCE: ReadonlySet<Phase> = new Set(['boot', 'snapshot', 'index', 'package']);

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

const ends = ({ fault }: { fault: FaultName }) => endingOf(fault) !== null;

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
  const pulls = below(PULLS_ONE_IN) === 0;
  const all = targets(cold);
  const [ofMirror, ofGuests] = [true, false].map((wanted) => all.filter(({ phase }) => isMirrorPhase(phase) === wanted));
  const faults = new Map<string, PlannedFault>();
  for (let left = LEAST_FAULTS + below(MAX_FAULTS - LEAST_FAULTS + 1); left > 0; left--) {
    const possible = (pulls && faults.size === 0 ? ofMirror : ofGuests) ?? [];
    const target = possible[below(possible.length)];
    if (!target) continue;
    const time = ONCE.has(target.phase) ? 1 : 1 + below(cells);
    const place = `${target.phase} ${time}`;
    const secondEnd = ends(target) && [...faults.values()].some(ends);
    if (!faults.has(place) && !secondEnd) faults.set(place, { ...target, time });
  }
  return { seed, cold, pulls, faults: [...faults.values()] };
}

/** Prints a schedule in one line. */
export function describeSchedule({ seed, cold, pulls, faults }: Schedule): string {
  const without = [...(cold ? ['snapshot'] : []), ...(pulls ? ['kernel'] : [])].join(' and no ');
  const planned = faults.map(({ fault, phase, time }) => `${fault} at ${phase} ${time}`);
  return `seed ${seed}${without === '' ? '' : ` (no ${without})`}: ${planned.join(', ')}`;
}

/** The command that runs the schedule of a seed again, and keeps its files. */
export function repeatCommand(seed: number, cells: number): string {
  return `npm run chaos -- --seed ${seed} --cells ${cells} --keep`;
}

// The faults of chaos runs. A fault happens when a guest reaches a phase, so that a repeated schedule hits the same place.

/**
 * Phases of a guest, by the command of QEMU's monitor that begins them: a booted guest comes up and may be saved, a restored one gets its
 * state, runs, and is asked for its results.
 */
export const PHASES = ['boot', 'snapshot', 'restore', 'load', 'results'] as const;
export type Phase = (typeof PHASES)[number];

interface FaultKind {
  /** What happens, as a sentence about the guest that reached the phase. */
  meaning: string;
  phases: readonly Phase[];
  /**
   * How the results must show the fault. `nothing`: the verdict comes from the guest that was hit. `attempt`: that guest gave no verdict,
   * and a later one did. `either`: one of these two. `resumed`: the run ended, and a second run with `--resume` finished it.
   */
  shows: 'nothing' | 'attempt' | 'either' | 'resumed';
}

/** The faults by their names in a schedule. */
export const FAULTS = {
  kill: { meaning: 'QEMU is killed', phases: PHASES, shows: 'attempt' },
  stop: { meaning: 'QEMU is stopped and never continues', phases: ['load'], shows: 'attempt' },
  pause: { meaning: 'QEMU is stopped for a second', phases: ['restore', 'load', 'results'], shows: 'nothing' },
  tear: { meaning: 'the second half of the response is lost', phases: ['results'], shows: 'attempt' },
  silence: { meaning: 'rings of the bell no longer reach the program', phases: ['load'], shows: 'nothing' },
  prune: { meaning: 'all snapshots are removed from the cache', phases: ['restore', 'load'], shows: 'either' },
  damage: { meaning: 'the state of every snapshot in the cache is cut short', phases: ['load'], shows: 'either' },
  'clock-forward': { meaning: 'the clock of the program jumps one day forward', phases: ['restore', 'load'], shows: 'nothing' },
  'clock-back': { meaning: 'the clock of the program jumps one day back', phases: ['restore', 'load'], shows: 'nothing' },
  terminate: { meaning: 'the program gets SIGTERM', phases: ['restore', 'load', 'results'], shows: 'resumed' },
  die: { meaning: 'the program is killed', phases: ['restore', 'load', 'results'], shows: 'resumed' },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof FAULTS;

/** A fault of a schedule: it happens when a phase is reached for the n-th time in the run, counted from 1. */
export interface PlannedFault {
  fault: FaultName;
  phase: Phase;
  time: number;
}

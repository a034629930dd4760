// The faults of chaos runs. A fault happens when a run reaches a phase, so that a repeated schedule hits the same place.

/**
 * Phases of a guest, by the command of QEMU's monitor that begins them: a booted guest comes up and may be saved, a restored one gets its
 * state, runs, and is asked for its results.
 */
const GUEST_PHASES = ['boot', 'snapshot', 'restore', 'load', 'results'] as const;
/** Phases of a download, by the file that the program requests from the mirror of the run. */
const MIRROR_PHASES = ['index', 'package'] as const;
export const PHASES = [...GUEST_PHASES, ...MIRROR_PHASES] as const;
export type Phase = (typeof PHASES)[number];

/** The small disks of a run, one below each folder that the program writes. */
export const DISKS = ['report', 'tmp', 'cache'] as const;
export type DiskName = (typeof DISKS)[number];

/** How a fault ends the program. A second run with `--resume`, with room on all disks and a mirror that answers, then finishes the cells. */
export type Ending =
  /** Exit code 130 and a partial report. */
  | 'interrupted'
  /** Neither an exit code nor a report. */
  | 'killed'
  /**
   * Exit code 3, and one line of error or a report whose cells without a verdict name the cause; or no end, if the fault came after the
   * last work that needs what is gone.
   */
  | 'given-up';

interface FaultKind {
  /** What happens, as a sentence about the guest or the download that reached the phase. */
  meaning: string;
  phases: readonly Phase[];
  /**
   * How the results must show the fault. `nothing`: the verdict comes from the guest that was hit. `attempt`: that guest gave no verdict,
   * a later one did. `either`: one of these two. Otherwise the program ends.
   */
  shows: 'nothing' | 'attempt' | 'either' | Ending;
  /** The disk that has no room left from then on, until the program ends. */
  fills?: DiskName;
}

/** The faults by their names in a schedule. */
export const FAULTS = {
  kill: { meaning: 'QEMU is killed', phases: GUEST_PHASES, shows: 'attempt' },
  stop: { meaning: 'QEMU is stopped and never continues', phases: ['load'], shows: 'attempt' },
  stall: { meaning: 'the processor of the guest stands still, though QEMU answers', phases: ['load'], shows: 'attempt' },
  pause: { meaning: 'QEMU is stopped for a second', phases: ['restore', 'load', 'results'], shows: 'nothing' },
  tear: { meaning: 'the second half of the response is lost', phases: ['results'], shows: 'attempt' },
  silence: { meaning: 'rings of the bell no longer reach the program', phases: ['load'], shows: 'nothing' },
  prune: { meaning: 'all snapshots are removed from the cache', phases: ['restore', 'load'], shows: 'either' },
  damage: { meaning: 'the state of every snapshot in the cache is cut short', phases: ['load'], shows: 'either' },
  'clock-forward': { meaning: 'the clock of the program jumps one day forward', phases: ['restore', 'load'], shows: 'nothing' },
  'clock-back': { meaning: 'the clock of the program jumps one day back', phases: ['restore', 'load'], shows: 'nothing' },
  terminate: { meaning: 'the program gets SIGTERM', phases: ['restore', 'load', 'results'], shows: 'interrupted' },
  die: { meaning: 'the program is killed', phases: ['restore', 'load', 'results'], shows: 'killed' },
  'full-report': {
    meaning: 'the disk of the report folder has no room left',
    phases: ['restore', 'load', 'results'],
    shows: 'given-up',
    fills: 'report',
  },
  'full-tmp': {
    meaning: 'the disk of the temporary folder has no room left',
    phases: ['restore', 'load', 'results'],
    shows: 'given-up',
    fills: 'tmp',
  },
  'full-cache': {
    meaning: 'the disk of the cache has no room left, not even for parts of the memory of a snapshot that were never written',
    phases: ['restore', 'load', 'results'],
    shows: 'either',
    fills: 'cache',
  },
  truncate: { meaning: 'the mirror has only the first half of the package', phases: ['package'], shows: 'nothing' },
  slow: { meaning: 'the mirror sends the file in small pieces, during two seconds', phases: MIRROR_PHASES, shows: 'nothing' },
  absent: { meaning: 'the mirror accepts no connection any more', phases: MIRROR_PHASES, shows: 'given-up' },
} as const satisfies Readonly<Record<string, FaultKind>>;

export type FaultName = keyof typeof FAULTS;

const ENDINGS: ReadonlySet<string> = new Set(['interrupted', 'killed', 'given-up'] satisfies Ending[]);

/** How a fault ends the program; null if the program goes on. */
export function endingOf(fault: FaultName): Ending | null {
  const { shows } = FAULTS[fault];
  return isEnding(shows) ? shows : null;
}

function isEnding(shows: FaultKind['shows']): shows is Ending {
  return ENDINGS.has(shows);
}

/** The disk that a fault fills; null if it fills none. */
export function filledDisk(fault: FaultName): DiskName | null {
  const kind: FaultKind = FAULTS[fault];
  return kind.fills ?? null;
}

export const isMirrorPhase = (phase: Phase) => MIRROR_PHASES.some((each) => each === phase);

/** A fault of a schedule: it happens when a phase is reached for the n-th time in the run, counted from 1. */
export interface PlannedFault {
  fault: FaultName;
  phase: Phase;
  time: number;
}

// What a chaos run left behind for the checker.
import type { Results } from '../../harness/results/schema.ts';
import type { FaultName, Phase } from './faults.ts';

/** Something that happened in a guest, as the proxy of QEMU recorded it: its start, or a fault. */
export interface ChaosEvent {
  /** 1, or 2 for the run that resumes. */
  run: number;
  /** The folder of the guest; its last part names the kernel and the object of a cell. */
  guest: string;
  fault?: FaultName | undefined;
  phase?: Phase | undefined;
  time?: number | undefined;
}

/** How one process of the program ended, and the report it wrote; null if it wrote none. */
export interface EndedRun {
  exitCode: number | null;
  stderr: string;
  results: Results | null;
}

export interface Observed {
  /** The run that was ended by a fault; null if the only run ended by itself. */
  ended: EndedRun | null;
  last: EndedRun;
  events: readonly ChaosEvent[];
  /** Processes and files that are still there, one line each. */
  left: readonly string[];
}

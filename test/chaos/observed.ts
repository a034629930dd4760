// The record of a chaos run that the checker reads.
import type { Results } from '../../harness/results/schema.ts';
import type { FaultName, Phase } from './faults.ts';

/** The start of a guest, or a fault, as the proxy of QEMU or the mirror recorded it. */
export interface ChaosEvent {
  /** Number of the run: 1, or 2 for the run that resumes it. */
  run: number;
  /** The folder of the guest; its last part names the kernel and the object of a cell. Empty for a fault of the mirror. */
  guest: string;
  fault?: FaultName | undefined;
  phase?: Phase | undefined;
  time?: number | undefined;
}

/** The end of one process of the program. `results` is null if it wrote no report. */
export interface EndedRun {
  exitCode: number | null;
  stderr: string;
  results: Results | null;
}

export interface Observed {
  /** The folder of the run. */
  folder: string;
  /** The run that was ended by a fault; null if the only run ended by itself. */
  ended: EndedRun | null;
  last: EndedRun;
  events: readonly ChaosEvent[];
  /** Leftover processes and files, one line each. */
  left: readonly string[];
}

// The request for a run.
import type { KernelOptions } from '../../kernels/sources/options.ts';
import type { GuestAgent } from '../guest/agent.ts';
import type { LogLimits } from '../base/log-limits.ts';
import type { Accel } from '../guest/machines.ts';
import type { Choose } from '../plan/choice/choice.ts';
import type { Shard } from '../plan/choice/shard.ts';
import type { Expectation } from '../plan/expectations/expectation-schema.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import type { Results } from '../results/schema.ts';
import type { Journal } from './journal.ts';
import type { TimeLimits } from './time-limits.ts';

/** Options for a single cell under examination: the files to keep, and the start of its guest. */
export interface Keep {
  /** The folder for temporary files, which is kept. */
  work: string;
  /** The release of the kernel if it is known. Then no guest must boot to find it. */
  release: string | null;
  /** Path of the socket on which the guest waits for a debugger; null for a guest that runs at once. */
  gdb: string | null;
}

export interface RunRequest {
  objects: readonly RunObject[];
  selectors: readonly string[];
  kernelOptions: KernelOptions;
  /** The folder for snapshots and verdicts. */
  cache: string;
  agent: GuestAgent;
  /** Agents with other loaders, by the name of the loader: `libbpf@1.1`, `cilium@0.22`. */
  otherAgents?: ReadonlyMap<string, GuestAgent> | undefined;
  expectations: readonly Expectation[];
  isolation: 'snapshot' | 'boot';
  accel: Accel | 'auto';
  /** Maximum number of guests at a time; fewer if memory is short. By default the number of processors. */
  jobs?: number | undefined;
  limits?: TimeLimits | undefined;
  /** The largest memory of a guest, in MiB. The free memory of the machine decides by default. */
  largestMiB?: number | undefined;
  /** If true, cells that are predicted to fail run first on each kernel that is up. */
  predictFirst?: boolean;
  /** Only for a run of a single cell, with isolation by boot. */
  keep?: Keep;
  /** The command line as the user typed it. */
  command: string[];
  /** The choice of cells to run (default: all). */
  choose?: Choose | undefined;
  /** The journal of finished cells, from this run and from a killed one that it resumes. */
  journal?: Journal | undefined;
  /** The folder for the file of large logs, on a disk with room for the report (default: the work folder). */
  logFolder?: string | undefined;
  /** The limits for logs (default: `LOG_LIMITS`). */
  logLimits?: LogLimits | undefined;
  /** How to use the verdicts in the cache: reuse valid ones, or replace all. By default they are neither read nor written. */
  verdicts?: 'reuse' | 'renew' | undefined;
  /** The rules for the exit code. The results repeat them. */
  policy?: Results['run']['policy'];
  /** The shard of the chosen cells. The results repeat it. */
  shard?: Shard | undefined;
}

// What a run is asked for.
import type { KernelOptions } from '../../kernels/sources/options.ts';
import type { GuestAgent } from '../guest/agent.ts';
import type { Accel } from '../guest/machine.ts';
import type { Choose } from '../plan/choice/choice.ts';
import type { Shard } from '../plan/choice/shard.ts';
import type { Expectation } from '../plan/expectations/expectation-schema.ts';
import type { RunObject } from '../plan/inputs/inputs.ts';
import type { Results } from '../results/schema.ts';
import type { Journal } from './journal.ts';
import type { TimeLimits } from './time-limits.ts';

/** For a single cell that is examined closely: what stays of it, and how its guest starts. */
export interface Keep {
  /** The folder for everything short-lived. It stays. */
  work: string;
  /** The release of the kernel if it is known: then no guest boots only to ask for it. */
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
  /** Agents with other releases of libbpf, by the release that objects name: `1.1`. */
  otherAgents?: ReadonlyMap<string, GuestAgent> | undefined;
  expectations: readonly Expectation[];
  isolation: 'snapshot' | 'boot';
  accel: Accel | 'auto';
  /** How many guests run at a time. By default processors and memory decide. */
  jobs?: number | undefined;
  limits?: TimeLimits | undefined;
  /** If true, cells that are predicted to fail run first on each kernel that is up. */
  predictFirst?: boolean;
  /** Only for a run of a single cell, with isolation by boot. */
  keep?: Keep;
  /** The command line as typed. */
  command: string[];
  /** Which cells to run. By default all. */
  choose?: Choose | undefined;
  /** Where finished cells are kept while the run goes on, and those of a run that was killed. */
  journal?: Journal | undefined;
  /** What to do with verdicts in the cache: use those that still hold, or replace all. By default they are neither read nor written. */
  verdicts?: 'reuse' | 'renew' | undefined;
  /** What the exit code follows. The results repeat it. */
  policy?: Results['run']['policy'];
  /** Which shard the chosen cells are. The results repeat it. */
  shard?: Shard | undefined;
}

// Everything that happens in a run, as one stream of events: terminal, logs and machines are subscribers, none of them decides anything.
import type { AccelChoice } from '../guest/accel.ts';
import type { CellResult, KernelResult } from '../results/schema.ts';

export type RunEvent =
  /** Something a person should know that is no verdict: a bad object that is left out, a fallback that was taken. */
  | { kind: 'note'; text: string }
  | { kind: 'planned'; kernels: number; objects: number; cells: number; jobs: number }
  | { kind: 'download'; kernel: string; bytes: number; total: number }
  | { kind: 'accel'; choice: AccelChoice }
  | { kind: 'kernel-ready'; kernel: string; release: string; fromCache: boolean; bootMs: number }
  | { kind: 'kernel-failed'; kernel: string; reason: string }
  | { kind: 'cell-started'; kernel: string; object: string }
  | { kind: 'cell-finished'; cell: CellResult; kernel: KernelResult; done: number; total: number }
  | { kind: 'interrupted' };

export type Emit = (event: RunEvent) => void;

// All events of a run in one stream. Terminal, logs and machines only listen; they decide nothing.
import type { AccelChoice } from '../guest/accel.ts';
import type { PrintedBytes } from './evidence.ts';
import type { CellResult, KernelResult } from '../results/schema.ts';

export type RunEvent =
  /** A message for the user that is not a verdict, for example about an invalid object or a fallback. */
  | { kind: 'note'; text: string }
  /** `names` are the names of the kernels by their ids. */
  | { kind: 'planned'; kernels: number; objects: number; cells: number; jobs: number; names: ReadonlyMap<string, string> }
  | { kind: 'download'; kernel: string; bytes: number; total: number }
  | { kind: 'accel'; choice: AccelChoice }
  /** `bootMs` is null if no guest was booted yet. */
  | { kind: 'kernel-ready'; kernel: string; release: string; fromCache: boolean; bootMs: number | null }
  | { kind: 'kernel-failed'; kernel: string; reason: string }
  | { kind: 'cell-started'; kernel: string; object: string }
  /** What an executable printed, byte by byte. It comes before the end of its cell. */
  | { kind: 'printed'; kernel: string; object: string; output: PrintedBytes }
  | { kind: 'cell-finished'; cell: CellResult; kernel: KernelResult; done: number; total: number }
  | { kind: 'interrupted' };

export type Emit = (event: RunEvent) => void;

// What a format may be told beside the results.
import type { Comparison } from '../harness/results/compare.ts';

export interface RenderOptions {
  /** The folder that paths of source files are to be relative to, for example the checked-out repository; '' when there is none. */
  root?: string;
  /** What changed since a baseline: stands before everything else. */
  comparison?: Comparison | undefined;
}

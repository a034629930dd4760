// What a format may be told beside the results.
import type { Comparison } from '../../harness/results/compare.ts';

export const HTML_ASSETS = ['inline', 'external'] as const;
export type HtmlAssets = (typeof HTML_ASSETS)[number];

export interface RenderOptions {
  /** The folder that paths of source files are to be relative to, for example the checked-out repository; '' when there is none. */
  root?: string;
  /** Where style, script and data of index.html are: in it, or in files beside it for hosts that forbid what stands in a page. */
  htmlAssets?: HtmlAssets;
  /** What changed since a baseline: stands before everything else. */
  comparison?: Comparison | undefined;
}

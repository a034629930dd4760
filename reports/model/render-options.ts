// Options of a report format.
import type { Comparison } from '../../harness/results/compare.ts';

export const HTML_ASSETS = ['inline', 'external'] as const;
export type HtmlAssets = (typeof HTML_ASSETS)[number];

export interface RenderOptions {
  /** The folder to which source paths are made relative, for example the checked-out repository; '' for none. */
  root?: string;
  /** The place of style, script and data of index.html: inside it, or in files beside it for hosts that forbid inline code. */
  htmlAssets?: HtmlAssets | undefined;
  /** Changes since a baseline; shown first. */
  comparison?: Comparison | undefined;
}

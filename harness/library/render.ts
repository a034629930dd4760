// Results as the text of a report format.
import { formatParts, FORMATS } from '../../reports/formats.ts';
import type { RenderOptions as FormatOptions } from '../../reports/model/render-options.ts';
import { FORMAT_NAMES, type FormatName } from '../base/format-names.ts';
import { compareResults } from '../results/compare.ts';
import { checkOptions, oneOf, type Rule, RULES } from './check-options.ts';
import type { Results } from '../results/schema.ts';

export interface RenderOptions {
  /** The folder to which source paths are made relative, such as the checked-out repository (default: paths stay as they are). */
  root?: string | undefined;
  /** Results of an earlier run: the text begins with what changed since, in formats that have a place for it. */
  baseline?: Results | undefined;
}

/** The text of a format in pieces, because the JSON of large results may be larger than any string. */
export function renderParts(results: Results, format: FormatName, options: FormatOptions): Iterable<string> {
  return formatParts(FORMATS[format], results, options);
}

const CALL_RULES = { results: RULES.results, format: oneOf(FORMAT_NAMES) } as const;
const OPTION_RULES = { root: RULES.text, baseline: RULES.results } as const satisfies Record<keyof RenderOptions, Rule>;

/**
 * Renders results in one format. The same results give the same text.
 * @param format `html`, `json`, `junit`, `markdown`, `github`, `sarif`, `ctrf`, `tap`, `badge` or `shields`
 * @returns the whole text: one page for `html`, with style and script in it
 * @throws RangeError for results whose text is larger than a string of Node.js, about 512 MiB
 * @example see docs/library.md
 */
export function render(results: Results, format: FormatName, options: RenderOptions = {}): string {
  checkOptions({ name: 'render()', rules: CALL_RULES, required: ['results', 'format'] }, { results, format });
  checkOptions({ name: 'render()', rules: OPTION_RULES }, options);
  const { root, baseline } = options;
  const comparison = baseline && compareResults(baseline, results);
  return [...renderParts(results, format, { ...(root !== undefined && { root }), ...(comparison && { comparison }) })].join('');
}

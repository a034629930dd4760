// Every report format: its file in the report folder, and the pure function that renders it.
import type { Results } from '../harness/results/schema.ts';
import { renderBadge, renderShields } from './badge.ts';
import { renderCtrf } from './ctrf.ts';
import type { FormatName } from '../harness/base/format-names.ts';
import { renderGithub } from './github.ts';
import { renderHtml } from './html/render.ts';
import { jsonParts, renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';
import type { RenderOptions } from './model/render-options.ts';
import { renderSarif } from './sarif.ts';
import { renderTap } from './tap.ts';

interface Format {
  file: string;
  render: (results: Results, options?: RenderOptions) => string;
  /** The same text in pieces, for a format that may be larger than any string. */
  parts?: (results: Results) => Iterable<string>;
}

/** The text of a format, in pieces. */
export function formatParts({ render, parts }: Format, results: Results, options: RenderOptions): Iterable<string> {
  return parts ? parts(results) : [render(results, options)];
}

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  html: { file: 'index.html', render: renderHtml },
  json: { file: 'results.json', render: renderJson, parts: jsonParts },
  junit: { file: 'junit.xml', render: renderJunit },
  markdown: { file: 'summary.md', render: renderMarkdown },
  github: { file: 'annotations.txt', render: renderGithub },
  sarif: { file: 'results.sarif', render: renderSarif },
  ctrf: { file: 'ctrf.json', render: renderCtrf },
  tap: { file: 'results.tap', render: renderTap },
  badge: { file: 'badge.svg', render: renderBadge },
  shields: { file: 'badge.json', render: renderShields },
};

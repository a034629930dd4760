// index.html: one file that opens from disk and asks nothing of any network, or the same with style, script and data in files beside it.
import type { Results } from '../../harness/results/schema.ts';
import type { RenderOptions } from '../model/render-options.ts';
import { bodyPart } from './body.ts';
import { reportSize } from './header.ts';
import { html, type Html, raw, toText } from './html.ts';
import { matrixSizes } from './matrix.ts';
import { pageData } from './pack-data.ts';
import { inOrder } from './report-order.ts';
import { pageScript } from './script.ts';
import { STYLE } from './style.ts';

/** The files beside index.html where its assets are external. */
export const HTML_ASSET_FILES = {
  style: 'corematrix-report.css',
  script: 'corematrix-report.js',
  data: 'corematrix-report.data.js',
} as const;

/** JSON that can stand in a script element, or as JavaScript, whatever it holds. */
function embedded(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', String.raw`\u003c`)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);
}

interface Assets {
  style: string;
  script: string;
  /** JSON that can stand in the page. */
  data: string;
}

/** What index.html loads first and last: its assets, or links to them. */
interface Ends {
  head: Html;
  tail: Html;
}

function inlineEnds({ style, script, data }: Assets): Ends {
  return {
    head: html`<link rel="icon" href="data:," />
      <style>
        ${raw(style)}
      </style>
      <script>
        ${raw(script.replaceAll('</', String.raw`<\/`))};
      </script>`,
    tail: html`<script type="application/json" id="data">
      ${raw(data)}
    </script>`,
  };
}

const EXTERNAL_ENDS: Ends = {
  head: html`<link rel="stylesheet" href="${HTML_ASSET_FILES.style}" />
    <script src="${HTML_ASSET_FILES.script}"></script>`,
  tail: html`<script src="${HTML_ASSET_FILES.data}"></script>`,
};

function pageText(results: Results, { head, tail }: Ends, body: Html): string {
  return toText(
    html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <title>corematrix: ${reportSize(results)}</title>
          ${head}
        </head>
        <body class="no-script">
          ${body} ${tail}
        </body>
      </html> `,
  );
}

/**
 * The files of the report by name, index.html first. Matrix, reasons and relocation maps are in it as markup. Whole logs, relocation tables
 * and comparisons are packed, and shown by the script.
 * @throws InfraError when the build did not make the script of the page
 */
export function renderHtmlFiles(given: Results, { htmlAssets = 'inline', comparison }: RenderOptions = {}): Map<string, string> {
  const results = inOrder(given);
  const { linkedLogs, ...data } = pageData(results);
  const assets = { style: `${STYLE}${matrixSizes(results)}\n`, script: pageScript(), data: embedded(data) };
  const body = bodyPart(results, comparison, linkedLogs);
  if (htmlAssets === 'inline') return new Map([['index.html', pageText(results, inlineEnds(assets), body)]]);
  return new Map([
    ['index.html', pageText(results, EXTERNAL_ENDS, body)],
    [HTML_ASSET_FILES.style, assets.style],
    [HTML_ASSET_FILES.script, assets.script],
    [HTML_ASSET_FILES.data, `globalThis.corematrixData = ${assets.data};\n`],
  ]);
}

/** The text of index.html. */
export function renderHtml(results: Results, options: RenderOptions = {}): string {
  return renderHtmlFiles(results, options).get('index.html') ?? '';
}

// index.html: one file that opens from disk and asks nothing of any network, or the same with style, script and data in files beside it.
import type { Results } from '../../harness/results/schema.ts';
import type { Comparison } from '../../harness/results/compare.ts';
import type { RenderOptions } from '../model/render-options.ts';
import { type Cause, causes } from '../model/summary.ts';
import { causesPart, causesSize } from './causes.ts';
import { pageData } from './pack-data.ts';
import { changesSection } from './changes.ts';
import { explainer, semanticChangeSection } from './explained.ts';
import { inOrder } from './report-order.ts';
import { header, reportSize } from './header.ts';
import { historyPart } from './history.ts';
import { html, type Html, raw, toText } from './html.ts';
import { kernelTable, runFacts } from './kernels.ts';
import { matrixTable, matrixSizes } from './matrix.ts';
import { legendSection } from './legend.ts';
import { objectsPart } from './objects.ts';
import { relocationMaps } from './relocations.ts';
import { pageScript } from './script.ts';
import { timeSection } from './time.ts';
import { STYLE } from './style.ts';

/** The files beside index.html where its assets are external. */
export const HTML_ASSET_FILES = {
  style: 'corematrix-report.css',
  script: 'corematrix-report.js',
  data: 'corematrix-report.data.js',
} as const;

const TOOLS = html`<div class="tools" role="search">
  <input
    type="search"
    id="search"
    aria-label="Filter programs"
    autocomplete="off"
    spellcheck="false"
    placeholder='filter: text, o:object p:program k:5.10 s:fail class:core is:flaky !not "quoted"'
  />
  <button type="button" data-only="all" aria-pressed="true">All</button
  ><button type="button" data-only="failures" aria-pressed="false">Unexpected</button
  ><button type="button" data-only="differs" aria-pressed="false">Only rows that differ</button
  ><button type="button" id="clear" class="quiet-button hidden">Clear</button><span id="found" aria-live="polite"></span>
</div>`;

const KEYS = html`<dialog id="keys" aria-labelledby="keys-title">
  <h2 id="keys-title">Keys</h2>
  <dl>
    <div>
      <dt><kbd>/</kbd></dt>
      <dd>filter</dd>
    </div>
    <div>
      <dt><kbd>a</kbd> <kbd>f</kbd> <kbd>d</kbd></dt>
      <dd>all rows, unexpected ones, ones that differ</dd>
    </div>
    <div>
      <dt><kbd>n</kbd> <kbd>p</kbd></dt>
      <dd>next, previous unexpected cell</dd>
    </div>
    <div>
      <dt><kbd>←</kbd> <kbd>→</kbd> <kbd>↑</kbd> <kbd>↓</kbd></dt>
      <dd>from cell to cell</dd>
    </div>
    <div>
      <dt><kbd>[</kbd> <kbd>]</kbd> <kbd>c</kbd></dt>
      <dd>in a cell: previous kernel, next kernel, compare</dd>
    </div>
    <div>
      <dt><kbd>Esc</kbd></dt>
      <dd>back to the matrix</dd>
    </div>
    <div>
      <dt><kbd>t</kbd> <kbd>?</kbd></dt>
      <dd>theme; this</dd>
    </div>
  </dl>
  <h2>Filter</h2>
  <dl>
    <div>
      <dt>text, "more text"</dt>
      <dd>in names, statuses and reasons</dd>
    </div>
    <div>
      <dt>o: p: type:</dt>
      <dd>object, program, type of program</dd>
    </div>
    <div>
      <dt>k: arch:</dt>
      <dd>kernels to show</dd>
    </div>
    <div>
      <dt>s: class:</dt>
      <dd>status, class of failure</dd>
    </div>
    <div>
      <dt>is:</dt>
      <dd>different, flaky, mispredicted</dd>
    </div>
    <div>
      <dt>!</dt>
      <dd>before a word: not</dd>
    </div>
  </dl>
  <form method="dialog"><button>Close</button></form>
</dialog>`;

function section(id: string, title: string, found: readonly Cause[], results: Results, explain: ReturnType<typeof explainer>): Html {
  if (found.length === 0) return html``;
  return html`<h2 id="${id}">${title} <small>${causesSize(found)}</small></h2>
    ${causesPart(found, results, explain)}`;
}

/** JSON that can stand in a script element, or as JavaScript, whatever it holds. */
function embedded(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('<', String.raw`\u003c`)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);
}

function body(results: Results, comparison: Comparison | undefined): Html {
  const unexpected = causes(results, ['fail', 'xpass']);
  const trouble = causes(results, ['infra', 'not-run']);
  const explain = explainer(results);
  const maps = results.objects.some(({ relocations }) => relocations.length > 0);
  return html`${header(results, unexpected.length + trouble.length)}
    <main>
      <p id="notice" role="status"></p>
      <section id="view" aria-label="Details"></section>
      <div id="overview">
        <h2 id="programs" class="spoken">Matrix</h2>
        ${changesSection(comparison, results)}${TOOLS}${matrixTable(results)}
        ${section('unexpected', 'Unexpected', unexpected, results, explain)}
        ${section('infrastructure', 'Without a verdict', trouble, results, explain)} ${historyPart(results)}
        ${
          maps &&
          html`<h2 id="relocations">Relocations across kernels</h2>
            ${relocationMaps(results)}`
        }
        ${semanticChangeSection(results)} ${section('known', 'Known failures', causes(results, ['xfail']), results, explain)}
        <h2 id="cells">Every object on every kernel</h2>
        <noscript
          ><p>
            Here is why, for every object on every kernel. All relocations, logs and commands need a browser that runs the script of this
            page; without it, logs/ and results.json beside this file have them.
          </p></noscript
        >
        ${objectsPart(results)} ${timeSection(results)}
        <h2 id="kernels">Kernels</h2>
        ${kernelTable(results)} ${legendSection(results)}
        <h2 id="run">Run</h2>
        ${runFacts(results)}
      </div>
    </main>
    ${KEYS}`;
}

/**
 * The files of the report by name, index.html first. The matrix, reasons and relocation maps are in it as markup; whole logs, whole
 * recordSets and comparisons are packed, and shown by the script.
 */
export function renderHtmlFiles(given: Results, { htmlAssets = 'inline', comparison }: RenderOptions = {}): Map<string, string> {
  const results = inOrder(given);
  const style = `${STYLE}${matrixSizes(results)}\n`;
  const data = embedded(pageData(results));
  const script = pageScript();
  const external = htmlAssets === 'external';
  const head = external
    ? html`<link rel="stylesheet" href="${HTML_ASSET_FILES.style}" />
        <script src="${HTML_ASSET_FILES.script}"></script>`
    : html`<link rel="icon" href="data:," />
        <style>
          ${raw(style)}
        </style>
        <script>
          ${raw(script.replaceAll('</', String.raw`<\/`))};
        </script>`;
  const tail = external
    ? html`<script src="${HTML_ASSET_FILES.data}"></script>`
    : html`<script type="application/json" id="data">
        ${raw(data)}
      </script>`;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>corematrix: ${reportSize(results)}</title>
        ${head}
      </head>
      <body class="no-script">
        ${body(results, comparison)} ${tail}
      </body>
    </html> `;
  return new Map([
    ['index.html', toText(page)],
    ...(external
      ? ([
          [HTML_ASSET_FILES.style, style],
          [HTML_ASSET_FILES.script, script],
          [HTML_ASSET_FILES.data, `globalThis.corematrixData = ${data};\n`],
        ] as const)
      : []),
  ]);
}

/** The text of index.html. */
export function renderHtml(results: Results, options: RenderOptions = {}): string {
  return renderHtmlFiles(results, options).get('index.html') ?? '';
}

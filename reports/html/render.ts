// index.html: one file that opens from disk and asks nothing of any network.
import type { Results } from '../../harness/results/schema.ts';
import type { Status } from '../../harness/results/words.ts';
import { type Cause, causes, countStatuses, grouped, plural } from '../summary.ts';
import { visibleText } from '../visible.ts';
import { causesPart, causesSize } from './causes.ts';
import { cellPart } from './cell.ts';
import { client } from './client.ts';
import { parseFilter, wantsKernel, wantsRow } from './filter.ts';
import { html, type Html, raw, toText } from './html.ts';
import { kernelTable, runFacts } from './kernels.ts';
import { matrixTable } from './matrix.ts';
import { relocationMap } from './relocations.ts';
import { STATUS_LOOKS } from './status.ts';
import { STYLE } from './style.ts';

function countOf(status: Status, count: number): Html {
  const look = STATUS_LOOKS[status];
  return html`<span class="mark ${look.tone}"><span aria-hidden="true">${look.shape}</span> ${count} ${look.word}</span> `;
}

function header(results: Results, unexpected: number): Html {
  const { run } = results;
  const counts = [...countStatuses(results)].map(
    ([status, count]) => html`<li><a href="#?q=s%3A${status}">${countOf(status, count)}</a></li>`,
  );
  const size = `${plural(results.kernels.length, 'kernel')}, ${plural(results.objects.length, 'object')}`;
  return html`<header>
    <h1>corematrix</h1>
    <p>
      ${size} · <time datetime="${run.startedAt}">${run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time> · libbpf
      ${run.helper.libbpf} · QEMU ${run.host.qemu} with ${run.host.accel} · corematrix ${run.tool.version}
    </p>
    ${unexpected === 0 && html`<p>Nothing unexpected.</p>`}
    ${!run.complete && html`<p class="interrupted">The run was interrupted: this is what was finished.</p>`}
    <ul class="counts">
      ${counts}
    </ul>
  </header>`;
}

/** Cells of each object in a fold of their own, with what the object came to in its head. */
function cells(results: Results): Html {
  const kernels = new Map(results.kernels.map((kernel) => [kernel.id, kernel]));
  const byObject = grouped(results.cells, ({ object }) => object);
  const folds = results.objects.map((object) => {
    const own = byObject.get(object.id) ?? [];
    const counts = [...grouped(own, ({ status }) => status)].map(([, [first, ...more]]) => first && countOf(first.status, more.length + 1));
    return html`<details class="block">
      <summary><strong>${object.id}</strong> ${counts}</summary>
      ${own.map((cell) => {
        const kernel = kernels.get(cell.kernel);
        return kernel ? cellPart(cell, object, kernel, results) : null;
      })}
    </details>`;
  });
  return html`${folds}`;
}

const TOOLS = html`<div class="tools" role="search">
  <input
    type="search"
    id="search"
    aria-label="Filter programs"
    placeholder='filter: text, o:object p:program k:5.10 s:fail class:core !not "quoted"'
  />
  <button type="button" data-only="all" aria-pressed="true">All</button
  ><button type="button" data-only="failures" aria-pressed="false">Unexpected</button
  ><button type="button" data-only="differs" aria-pressed="false">Only rows that differ</button><span id="found" aria-live="polite"></span>
</div>`;

const KEYS = html`<dialog id="keys" aria-label="Keys">
  <p><kbd>/</kbd> filter · <kbd>a</kbd> all · <kbd>f</kbd> unexpected · <kbd>d</kbd> rows that differ · <kbd>?</kbd> this</p>
  <form method="dialog"><button>Close</button></form>
</dialog>`;

function section(id: string, title: string, found: readonly Cause[], results: Results): Html {
  if (found.length === 0) return html``;
  return html`<h2 id="${id}">${title} <small>${causesSize(found)}</small></h2>
    ${causesPart(found, results)}`;
}

/** JSON that can stand in a script element whatever it holds. */
function embedded(value: unknown): Html {
  return raw(
    JSON.stringify(value)
      .replaceAll('<', String.raw`\u003c`)
      .replaceAll('\u2028', String.raw`\u2028`)
      .replaceAll('\u2029', String.raw`\u2029`),
  );
}

const SCRIPT = `(${client.toString()})({ parseFilter: ${parseFilter.toString()}, wantsKernel: ${wantsKernel.toString()}, wantsRow: ${wantsRow.toString()} })`;

/** The text of index.html. The matrix, reasons and relocations are in it as markup; only whole logs need the script. */
export function renderHtml(results: Results): string {
  const unexpected = causes(results);
  const known = causes(results, ['xfail']);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>corematrix: ${plural(results.kernels.length, 'kernel')}, ${plural(results.objects.length, 'object')}</title>
        <link rel="icon" href="data:," />
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body class="no-script">
        ${header(results, unexpected.length)}
        <main>
          <p id="notice" role="status"></p>
          <h2 id="programs" class="spoken">Matrix</h2>
          ${TOOLS}${matrixTable(results)} ${section('unexpected', 'Unexpected', unexpected, results)}
          <h2 id="relocations">Relocations across kernels</h2>
          ${results.objects.map((object) => relocationMap(object, results))} ${section('known', 'Known failures', known, results)}
          <h2 id="cells">Every object on every kernel</h2>
          <noscript><p>The texts of the logs are in logs/ beside this file.</p></noscript>
          ${cells(results)}
          <h2 id="kernels">Kernels</h2>
          ${kernelTable(results)}
          <h2 id="run">Run</h2>
          ${runFacts(results)}
        </main>
        ${KEYS}
        <script type="application/json" id="logs">
          ${embedded({ lines: results.logs.lines.map(visibleText), texts: results.logs.texts })}
        </script>
        <script>
          ${raw(SCRIPT.replaceAll('</', String.raw`<\/`))};
        </script>
      </body>
    </html> `;
  return toText(page);
}

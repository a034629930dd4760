// index.html: one file that opens from disk and asks nothing of any network.
import type { Results } from '../../harness/results/schema.ts';
import { type Cause, causes, countStatuses, plural } from '../summary.ts';
import { cellAnchor } from './anchors.ts';
import { cellPart } from './cell.ts';
import { client } from './client.ts';
import { html, type Html, raw, toText } from './html.ts';
import { matrixTable } from './matrix.ts';
import { relocationMap } from './relocations.ts';
import { STATUS_LOOKS } from './status.ts';
import { STYLE } from './style.ts';

const MAX_PLACES = 20;

function header(results: Results): Html {
  const { run } = results;
  const counts = [...countStatuses(results)].map(([status, count]) => {
    const look = STATUS_LOOKS[status];
    return html`<li class="mark ${look.tone}"><span aria-hidden="true">${look.shape}</span> ${count} ${look.word}</li>`;
  });
  const size = `${plural(results.kernels.length, 'kernel')}, ${plural(results.objects.length, 'object')}`;
  return html`<header>
    <h1>corematrix</h1>
    <p>
      ${size} · <time datetime="${run.startedAt}">${run.startedAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}</time> · libbpf
      ${run.helper.libbpf} · QEMU ${run.host.qemu} with ${run.host.accel} · corematrix ${run.tool.version}
    </p>
    ${!run.complete && html`<p class="interrupted">The run was interrupted: this is what was finished.</p>`}
    <ul class="counts">
      ${counts}
    </ul>
  </header>`;
}

function causesPart(all: readonly Cause[]): Html {
  const items = all.map((cause) => {
    const look = STATUS_LOOKS[cause.status];
    const places = cause.where
      .slice(0, MAX_PLACES)
      .map(({ kernel, object, program }) => html`<a href="#${cellAnchor(kernel, object)}">${program} on ${kernel}</a> `);
    const more = cause.where.length - MAX_PLACES;
    return html`<li>
      <span class="mark ${look.tone}">${look.shape} ${plural(cause.where.length, 'program')}</span>
      ${cause.class !== null && html`<strong>${cause.class}</strong>`} ${cause.reason}
      <p>${places}${more > 0 && `and ${more} more`}</p>
    </li>`;
  });
  return html`<ol class="causes">
    ${items}
  </ol>`;
}

function cells(results: Results): Html {
  const kernels = new Map(results.kernels.map((kernel) => [kernel.id, kernel]));
  const objects = new Map(results.objects.map((object) => [object.id, object]));
  return html`${results.cells.map((cell) => {
    const kernel = kernels.get(cell.kernel);
    const object = objects.get(cell.object);
    return kernel && object ? cellPart(cell, object, kernel, results) : null;
  })}`;
}

const TOOLS = html`<div class="tools" role="search">
  <input
    type="search"
    id="search"
    aria-label="Filter programs"
    placeholder='filter: text, o:object p:program s:fail class:core !not "quoted"'
  />
  <button type="button" data-only="all" aria-pressed="true">All</button
  ><button type="button" data-only="failures" aria-pressed="false">Unexpected</button
  ><button type="button" data-only="differs" aria-pressed="false">Only rows that differ</button><span id="found" aria-live="polite"></span>
</div>`;

const KEYS = html`<dialog id="keys" aria-label="Keys">
  <p><kbd>/</kbd> filter · <kbd>a</kbd> all · <kbd>f</kbd> unexpected · <kbd>d</kbd> rows that differ · <kbd>?</kbd> this</p>
  <form method="dialog"><button>Close</button></form>
</dialog>`;

/** JSON that can stand in a script element whatever it holds. */
function embedded(value: unknown): Html {
  return raw(
    JSON.stringify(value)
      .replaceAll('<', String.raw`\u003c`)
      .replaceAll('\u2028', String.raw`\u2028`)
      .replaceAll('\u2029', String.raw`\u2029`),
  );
}

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
        ${header(results)}
        <main>
          <h2 id="unexpected">Unexpected</h2>
          ${unexpected.length > 0 ? causesPart(unexpected) : html`<p>Nothing unexpected.</p>`}
          <h2 id="programs">Matrix</h2>
          ${TOOLS}${matrixTable(results)}
          <h2 id="relocations">Relocations across kernels</h2>
          ${results.objects.map((object) => relocationMap(object, results))}
          ${
            known.length > 0 &&
            html`<h2 id="known">Known failures</h2>
              ${causesPart(known)}`
          }
          <h2 id="cells">Cells</h2>
          ${cells(results)}
        </main>
        ${KEYS}
        <script type="application/json" id="logs">
          ${embedded(results.logs)}
        </script>
        <script>
          ${raw(`(${client.toString().replaceAll('</', String.raw`<\/`)})()`)};
        </script>
      </body>
    </html> `;
  return toText(page);
}

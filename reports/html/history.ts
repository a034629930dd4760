// The past of failing and flaky programs: since when, how often, and the trend of the latest runs.
import type { Results } from '../../harness/results/schema.ts';
import { HISTORY_LETTERS, STATUSES } from '../../harness/base/vocabulary.ts';
import { type HistoryRow, historyRows, historySize, placeName } from '../model/history-groups.ts';
import { plural } from '../../harness/base/text.ts';
import { cellAnchor } from './anchors.ts';
import { html, type Html } from './html.ts';
import { type KernelNames, kernelNames } from './kernel-names.ts';
import { type Look, STATUS_LOOKS } from './shared/looks.ts';

/** The longest list on the page; results.json has all. */
const MAX_ROWS = 400;

const LOOKS: ReadonlyMap<string, Look> = new Map(STATUSES.map((status) => [HISTORY_LETTERS[status], STATUS_LOOKS[status]]));

/** One shape for each run, the latest at the right; screen readers get words. */
function course(trend: string): Html {
  const looks = trend.split('').map((letter) => LOOKS.get(letter) ?? { shape: '\u00a0', word: 'not there', tone: 'quiet' });
  const words = looks.map(({ word }) => word).join(', ');
  return html`<span class="course" role="img" aria-label="${words}" title="${words}"
    >${looks.map(({ shape, tone }) => html`<span class="${tone}">${shape}</span>`)}</span
  >`;
}

function rowOf(row: HistoryRow, { nameOf }: KernelNames): Html {
  return html`<tr>
    <th scope="row">${placeName(row)}</th>
    <td><a href="#${cellAnchor(row.kernel, row.object)}">${nameOf(row.kernel)}</a></td>
    <td>${row.since === null ? 'as expected now' : row.since}</td>
    <td>${row.flaky === null ? '' : row.flaky}</td>
    <td>${course(row.trend)}</td>
  </tr>`;
}

function table(rows: readonly Html[], runs: number): Html {
  return html`<div class="scroll">
    <table class="kernels">
      <caption>
        What fails now or is flaky; the latest of ${plural(runs, 'run')} at the right
      </caption>
      <thead>
        <tr>
          <th scope="col">program</th>
          <th scope="col">kernel</th>
          <th scope="col">not as expected</th>
          <th scope="col">flaky</th>
          <th scope="col">course</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

/** The section with its heading; empty when there is no history, or only one run. */
export function historyPart(results: Results): Html {
  const size = historySize(results);
  if (size === null) return html``;
  const names = kernelNames(results);
  const all = historyRows(results);
  const rows = all.slice(0, MAX_ROWS).map((row) => rowOf(row, names));
  const left = all.length - rows.length;
  return html`<h2 id="history">History <small>${size}</small></h2>
    ${rows.length === 0 ? html`<p>Nothing fails now, and nothing was flaky.</p>` : table(rows, results.history?.runs.length ?? 0)}
    ${left > 0 && html`<p>${plural(left, 'more row')} in results.json.</p>`}`;
}

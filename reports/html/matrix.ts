// The matrix: programs by kernels, a real table that needs no script.
import type { KernelResult, Results } from '../../harness/results/schema.ts';
import { type MatrixRow, matrixRows, shortKernelNames } from '../summary.ts';
import { cellAnchor, relocationsAnchor } from './anchors.ts';
import { html, type Html } from './html.ts';
import { STATUS_LOOKS } from './status.ts';

/** Neighbouring kernels of one series share a head. */
function seriesGroups(kernels: readonly KernelResult[]): { series: string; span: number }[] {
  const groups: { series: string; span: number }[] = [];
  for (const { series, arch } of kernels) {
    const name = arch === 'x86_64' ? series : `${series} ${arch}`;
    const last = groups.at(-1);
    if (last?.series === name) last.span += 1;
    else groups.push({ series: name, span: 1 });
  }
  return groups;
}

function cellOf(entry: MatrixRow['cells'][number], row: MatrixRow): Html {
  if (!entry) return html`<td></td>`;
  const { cell, program } = entry;
  const look = STATUS_LOOKS[program.status];
  const flaky = cell.flaky ? ', flaky' : '';
  const title = `${row.program} on ${cell.kernel}: ${program.status}${flaky}${program.reason === null ? '' : ` — ${program.reason}`}`;
  const disagrees = cell.predicted !== null && cell.predicted.status !== cell.status;
  return html`<td class="${look.tone}">
    <a href="#${cellAnchor(cell.kernel, cell.object)}" title="${title}" aria-label="${title}"
      ><span aria-hidden="true">${look.shape}</span>
      ${look.word}${cell.flaky && html`<sup title="needed more than one attempt">flaky</sup>`}${disagrees && html`<sup title="predicted ${cell.predicted?.status ?? ''}">≠ predicted</sup>`}</a
    >
  </td>`;
}

/** The first kernel from which on a program loads on every later one; null when it fails on the newest. */
function loadsSince(row: MatrixRow, names: readonly string[]): string | null {
  const lastFailure = row.cells.findLastIndex(
    (entry) => entry !== null && entry.program.status !== 'pass' && entry.program.status !== 'xpass',
  );
  return lastFailure === row.cells.length - 1 ? null : (names[lastFailure + 1] ?? null);
}

function rowOf(row: MatrixRow, names: readonly string[]): Html {
  const statuses = [...new Set(row.cells.flatMap((entry) => (entry ? [entry.program.status] : [])))];
  const classes = [...new Set(row.cells.flatMap((entry) => (entry?.program.class ? [entry.program.class] : [])))];
  const since = loadsSince(row, names);
  const differs = statuses.length > 1 ? 'yes' : 'no';
  return html`<tr
    data-object="${row.object}"
    data-program="${row.program}"
    data-statuses="${statuses.join(' ')}"
    data-classes="${classes.join(' ')}"
    data-differs="${differs}"
  >
    <th scope="row">${row.program}</th>
    ${row.cells.map((entry) => cellOf(entry, row))}
    <td class="since">${since ?? '—'}</td>
  </tr>`;
}

/** The table with its caption; complete before any script runs. */
export function matrixTable(results: Results): Html {
  const names = shortKernelNames(results);
  const rows = matrixRows(results);
  const columns = results.kernels.length + 2;
  const bodies = results.objects.map(
    (object) =>
      html`<tbody>
        <tr class="object">
          <th scope="rowgroup" colspan="${columns}">
            ${object.path}
            ${object.relocations.length > 0 && html`<a href="#${relocationsAnchor(object.id)}">${object.relocations.length} relocations</a>`}
          </th>
        </tr>
        ${rows.filter((row) => row.object === object.id).map((row) => rowOf(row, names))}
      </tbody>`,
  );
  const heads = results.kernels.map(
    (kernel, index) =>
      html`<th scope="col" title="${kernel.release ?? kernel.id}${kernel.notes.map((note) => `; ${note}`)}">${names[index]}</th>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Matrix of programs and kernels">
    <table id="matrix">
      <caption>
        Programs by kernels, oldest kernel first. Each cell leads to what happened there.
      </caption>
      <thead>
        <tr>
          <td></td>
          ${seriesGroups(results.kernels).map((group) => html`<th scope="colgroup" colspan="${group.span}">${group.series}</th>`)}
          <td></td>
        </tr>
        <tr>
          <th scope="col">Program</th>
          ${heads}
          <th scope="col">Loads since</th>
        </tr>
      </thead>
      ${bodies}
    </table>
  </div>`;
}

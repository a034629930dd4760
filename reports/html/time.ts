// The time of a run by kernel, and its slowest cells.
import type { CellResult, Results } from '../../harness/results/schema.ts';
import { grouped } from '../../harness/base/text.ts';
import { cellAnchor } from './anchors.ts';
import { kernelNaming } from './explained.ts';
import { html, type Html } from './html.ts';

const SLOWEST = 10;

/** All attempts of a cell, in ms; one that was not run again took none. */
function timeOf(cell: CellResult): number {
  return cell.attempts.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

/** The section; nothing where nothing ran. */
export function timeSection(results: Results): Html {
  const { nameOf } = kernelNaming(results);
  const byKernel = grouped(results.cells, ({ kernel }) => kernel);
  const rows = results.kernels.map(({ id, boot }) => {
    const cells = byKernel.get(id) ?? [];
    const loading = cells.reduce((sum, { loadMs }) => sum + (loadMs ?? 0), 0);
    return { id, boot: boot?.durationMs ?? null, cells, all: cells.reduce((sum, cell) => sum + timeOf(cell), 0), loading };
  });
  const most = Math.max(...rows.map(({ all }) => all));
  if (!(most > 0)) return html``;
  const slowest = results.cells
    .filter((cell) => timeOf(cell) > 0)
    .toSorted((a, b) => timeOf(b) - timeOf(a))
    .slice(0, SLOWEST);
  const bar = (all: number, loading: number) => {
    const width = (part: number) => ((100 * part) / most).toFixed(1);
    return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="guests" width="${width(all)}" height="8" />
      <rect class="loading" width="${width(Math.min(all, loading))}" height="8" />
    </svg>`;
  };
  return html`<h2 id="time">Time <small>guests of each kernel together; the dark part is libbpf's own work in them</small></h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Time by kernel">
      <table class="kernels time">
        <thead>
          <tr>
            <th scope="col">Kernel</th>
            <th scope="col">Boot</th>
            <th scope="col">Cells</th>
            <th scope="col">Guests</th>
            <th scope="col">libbpf</th>
            <th scope="col"><span class="spoken">Share</span></th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ id, boot, cells, all, loading }) =>
              html`<tr>
                <th scope="row">${nameOf(id)}</th>
                <td class="number">${boot === null ? '—' : seconds(boot)}</td>
                <td class="number">${cells.length}</td>
                <td class="number">${seconds(all)}</td>
                <td class="number">${seconds(loading)}</td>
                <td>${bar(all, loading)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="slowest">
      Slowest:
      ${slowest.map(
        (cell, at) =>
          html`${at > 0 && ', '}<a href="#${cellAnchor(cell.kernel, cell.object)}">${cell.object} on ${nameOf(cell.kernel)}</a>
            <small>${seconds(timeOf(cell))}</small>`,
      )}
    </p>`;
}

// The time of a run by kernel, and its slowest cells.
import type { CellResult, Results } from '../../harness/results/schema.ts';
import { grouped } from '../../harness/base/text.ts';
import { cellAnchor } from './anchors.ts';
import { html, type Html } from './html.ts';
import { type KernelNames, kernelNames } from './kernel-names.ts';

const SLOWEST = 10;

/** The time of all attempts of a cell, in ms; a cell from an earlier run took none. */
function timeOf(cell: CellResult): number {
  return cell.attempts.reduce((sum, { durationMs }) => sum + durationMs, 0);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`;
}

/** One kernel of the table: its boot, and all its guests together, in ms. */
interface KernelTime {
  id: string;
  boot: number | null;
  cells: number;
  guests: number;
  loading: number;
}

function kernelTimes({ kernels, cells }: Results): KernelTime[] {
  const byKernel = grouped(cells, ({ kernel }) => kernel);
  return kernels.map(({ id, boot }) => {
    const own = byKernel.get(id) ?? [];
    const guests = own.reduce((sum, cell) => sum + timeOf(cell), 0);
    const loading = own.reduce((sum, { loadMs }) => sum + (loadMs ?? 0), 0);
    return { id, boot: boot?.durationMs ?? null, cells: own.length, guests, loading };
  });
}

/** A bar for the guests of a kernel, against the kernel whose guests took longest. */
function bar({ guests, loading }: KernelTime, longest: number): Html {
  const width = (part: number) => ((100 * part) / longest).toFixed(1);
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="guests" width="${width(guests)}" height="8" />
    <rect class="loading" width="${width(Math.min(guests, loading))}" height="8" />
  </svg>`;
}

function rowOf(time: KernelTime, longest: number, { nameOf }: KernelNames): Html {
  return html`<tr>
    <th scope="row">${nameOf(time.id)}</th>
    <td class="number">${time.boot === null ? '—' : seconds(time.boot)}</td>
    <td class="number">${time.cells}</td>
    <td class="number">${seconds(time.guests)}</td>
    <td class="number">${seconds(time.loading)}</td>
    <td>${bar(time, longest)}</td>
  </tr>`;
}

function slowestCells({ cells }: Results, { nameOf }: KernelNames): Html[] {
  const slowest = cells
    .filter((cell) => timeOf(cell) > 0)
    .toSorted((a, b) => timeOf(b) - timeOf(a))
    .slice(0, SLOWEST);
  return slowest.map(
    (cell, at) =>
      html`${at > 0 && ', '}<a href="#${cellAnchor(cell.kernel, cell.object)}">${cell.object} on ${nameOf(cell.kernel)}</a>
        <small>${seconds(timeOf(cell))}</small>`,
  );
}

/** The section with its heading; empty when nothing was run. */
export function timeSection(results: Results): Html {
  const names = kernelNames(results);
  const times = kernelTimes(results);
  const longest = Math.max(...times.map(({ guests }) => guests));
  if (!(longest > 0)) return html``;
  return html`<h2 id="time">Time <small>guests of each kernel together; the dark part is the loader's own work in them</small></h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Time by kernel">
      <table class="kernels time">
        <thead>
          <tr>
            <th scope="col">Kernel</th>
            <th scope="col">Boot</th>
            <th scope="col">Cells</th>
            <th scope="col">Guests</th>
            <th scope="col">Loader</th>
            <th scope="col"><span class="spoken">Share</span></th>
          </tr>
        </thead>
        <tbody>
          ${times.map((time) => rowOf(time, longest, names))}
        </tbody>
      </table>
    </div>
    <p class="slowest">Slowest: ${slowestCells(results, names)}</p>`;
}

// The matrix: programs by kernels, a real table that needs no script.
import type { CellProgram, CellResult, KernelResult, Results } from '../../harness/results/schema.ts';
import type { Status } from '../../harness/results/words.ts';
import { grouped, type MatrixRow, matrixRows, plural, shortKernelNames } from '../summary.ts';
import { cellAnchor, kernelAnchor, relocationsAnchor } from './anchors.ts';
import { html, type Html } from './html.ts';
import { STATUS_LOOKS } from './status.ts';

/** Whether a status says that something loads; null where it is no verdict. */
const LOADS = {
  pass: true,
  xpass: true,
  fail: false,
  xfail: false,
  unsupported: false,
  skip: null,
  infra: null,
  'not-run': null,
} as const satisfies Record<Status, boolean | null>;

/** Neighbouring kernels of one series and architecture share a head. */
function seriesGroups(kernels: readonly KernelResult[]): { name: string; span: number }[] {
  const groups: { name: string; span: number }[] = [];
  for (const { series, arch } of kernels) {
    const name = arch === 'x86_64' ? series : `${series} ${arch}`;
    const last = groups.at(-1);
    if (last?.name === name) last.span += 1;
    else groups.push({ name, span: 1 });
  }
  return groups;
}

/** A prediction is of a whole cell: that all of it loads, which each program that does not belies, or that not all of it does. */
function disagreement({ predicted, status }: CellResult, program: CellProgram): Html | null {
  if (predicted === null || LOADS[predicted.status] === null || program.status === 'unsupported') return null;
  const observed = LOADS[predicted.status] ? LOADS[program.status] : LOADS[status];
  if (observed === null || observed === LOADS[predicted.status]) return null;
  return html`<sup title="predicted offline: ${predicted.status}">≠ predicted</sup>`;
}

function cellOf(entry: MatrixRow['cells'][number], row: MatrixRow): Html {
  if (!entry) return html`<td></td>`;
  const { cell, program } = entry;
  const look = STATUS_LOOKS[program.status];
  const reason = program.reason ?? program.expected;
  const title = `${row.program} on ${cell.kernel}: ${program.status}${cell.flaky ? ', flaky' : ''}${reason === null ? '' : ` — ${reason}`}`;
  return html`<td class="${look.tone}" data-s="${program.status}" data-class="${program.class ?? ''}">
    <a href="#${cellAnchor(cell.kernel, cell.object)}" title="${title}"
      ><span aria-hidden="true">${look.shape}</span>
      ${look.word}${cell.flaky && html`<sup title="needed more than one attempt">flaky</sup>`}${disagreement(cell, program)}</a
    >
  </td>`;
}

/** The first kernel from which on a program loads on every later one as far as there are verdicts; a question mark where there are gaps. */
function loadsSince(row: MatrixRow, names: readonly string[]): Html {
  const loads = row.cells.map((entry) => (entry ? LOADS[entry.program.status] : null));
  const after = loads.lastIndexOf(false) + 1;
  const first = loads.indexOf(true, after);
  if (first < 0) return html`<td class="since">—</td>`;
  const gaps = loads.slice(after).includes(null);
  return html`<td class="since">${names[first]}${gaps && html` <abbr title="not every kernel gave a verdict">?</abbr>`}</td>`;
}

function rowOf(row: MatrixRow, names: readonly string[]): Html {
  return html`<tr data-object="${row.object}" data-program="${row.program}">
    <th scope="row">${row.program}</th>
    ${row.cells.map((entry) => cellOf(entry, row))}${loadsSince(row, names)}
  </tr>`;
}

function heads(results: Results, names: readonly string[]): Html {
  const groups = seriesGroups(results.kernels);
  const series = html`<tr>
    <td></td>
    ${groups.map(({ name, span }) => html`<th scope="colgroup" colspan="${span}">${name}</th>`)}
    <td></td>
  </tr>`;
  const kernels = results.kernels.map(({ id, release, arch, distribution, notes }, index) => {
    const facts = [release ?? id, arch, distribution, ...notes].join('; ');
    return html`<th scope="col" data-kernel="${facts}"><a href="#${kernelAnchor(id)}" title="${facts}">${names[index]}</a></th>`;
  });
  return html`<thead>
    ${groups.some(({ span }) => span > 1) && series}
    <tr>
      <th scope="col">Program</th>
      ${kernels}
      <th scope="col">Loads since</th>
    </tr>
  </thead>`;
}

/** The table with its caption; complete before any script runs. */
export function matrixTable(results: Results): Html {
  const names = shortKernelNames(results);
  const rows = grouped(matrixRows(results), ({ object }) => object);
  const columns = results.kernels.length + 2;
  const bodies = results.objects.map(({ id, path, relocations }) => {
    const link = html`<a href="#${relocationsAnchor(id)}">${plural(relocations.length, 'relocation')}</a>`;
    return html`<tbody>
      <tr class="object">
        <th scope="rowgroup" colspan="${columns}">
          <span title="${path}">${id} ${relocations.length > 0 && link}</span>
        </th>
      </tr>
      ${(rows.get(id) ?? []).map((row) => rowOf(row, names))}
    </tbody>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Matrix of programs and kernels">
    <table id="matrix">
      <caption>
        <span>Programs by kernels, oldest kernel first. Each cell leads to what happened there.</span>
      </caption>
      ${heads(results, names)}${bodies}
    </table>
  </div>`;
}

// The matrix: programs by kernels, a real table that works without a script.
import { DEFAULT_LIBBPF } from '../../harness/base/loader-name.ts';
import type { KernelResult, Results } from '../../harness/results/schema.ts';
import { contradiction, type MatrixRow, matrixRows } from '../model/summary.ts';
import { grouped, plural } from '../../harness/base/text.ts';
import { cellAnchor, kernelAnchor, programAnchor, relocationsAnchor } from './anchors.ts';
import { loadsSince } from './loads-since.ts';
import { html, type Html } from './html.ts';
import { columnNames } from './kernel-names.ts';
import { STATUS_LOOKS } from './shared/looks.ts';

/** Columns before those of kernels: the program, and since when it loads. */
const COLUMNS_BEFORE = 2;

// The formatter would put spaces into a template called `html`, thousands of times.
const markup = html;

function cellOf(entry: MatrixRow['cells'][number]): Html {
  if (!entry) return html`<td role="cell"></td>`;
  const { cell, program } = entry;
  const look = STATUS_LOOKS[program.status];
  const reason = program.reason ?? program.expected;
  const wrong = contradiction(program);
  const marks = [cell.flaky && 'flaky', wrong !== null && 'mispredicted'].filter((mark) => mark !== false);
  const facts = markup`${program.class !== null && markup` data-class="${program.class}"`}${marks.length > 0 && markup` data-is="${marks.join(' ')}"`}`;
  const more = markup`${cell.flaky && markup`<small title="needed more than one attempt">flaky</small>`}${wrong !== null && markup`<small title="${wrong}">≠ predicted</small>`}`;
  return markup`<td role="cell" class="${look.tone}" data-s="${program.status}"${facts}><a href="#${cellAnchor(cell.kernel, cell.object)}"${reason !== null && markup` title="${reason}"`}>${look.word}${more}</a></td>`;
}

/** The kernel since which a program loads, for each architecture; with a question mark if a later kernel has no verdict. */
function sinceOf(row: MatrixRow, kernels: readonly KernelResult[], names: readonly string[]): Html {
  const architectures = [...grouped([...kernels.keys()], (at) => kernels[at]?.arch ?? '')];
  return html`<td role="cell" class="since">
    ${architectures.map(([arch, positions]) => {
      const { kernel, gaps } = loadsSince(row, positions);
      return html`<span
        >${architectures.length > 1 && html`<small>${arch}</small> `}${kernel === null ? '—' : names[kernel]}${kernel !== null && gaps && html` <abbr title="not every later kernel gave a verdict">?</abbr>`}</span
      > `;
    })}
  </td>`;
}

/** Neighbouring kernels of one group share a head. */
function groupHeads(
  kernels: readonly KernelResult[],
  nameOf: (kernel: KernelResult) => string,
): { name: string; keys: Set<string>; span: number }[] {
  const groups: { name: string; keys: Set<string>; span: number }[] = [];
  for (const kernel of kernels) {
    const last = groups.at(-1);
    const key = `${kernel.arch} ${nameOf(kernel)}`;
    if (last?.keys.has(key)) last.span += 1;
    else groups.push({ name: nameOf(kernel), keys: new Set([key]), span: 1 });
  }
  return groups;
}

function groupRow(kernels: readonly KernelResult[], kind: 'arch' | 'series', always: boolean): Html {
  const groups = groupHeads(kernels, (kernel) => kernel[kind]);
  if (!always && groups.every(({ span }) => span === 1)) return html``;
  return html`<tr role="row" class="group">
    <td role="cell" colspan="${COLUMNS_BEFORE}"></td>
    ${groups.map(({ name, span }) => html`<th role="columnheader" scope="colgroup" colspan="${span}" class="span${span}"><span>${name}</span></th>`)}
  </tr>`;
}

function heads(results: Results, names: readonly string[]): Html {
  const { kernels } = results;
  const several = new Set(kernels.map(({ arch }) => arch)).size > 1;
  const columns = kernels.map(({ id, release, arch, distribution, btf, notes }, index) => {
    const facts = [release ?? id, arch, distribution, ...(btf ? [] : ['no BTF']), ...notes].join('; ');
    return html`<th role="columnheader" scope="col" data-kernel="${facts}">
      <a href="#${kernelAnchor(id)}" title="${facts}">${names[index]}</a>
    </th>`;
  });
  return html`<thead role="rowgroup">
    ${several && groupRow(kernels, 'arch', true)}${groupRow(kernels, 'series', false)}
    <tr role="row">
      <th role="columnheader" scope="col">Program</th>
      <th role="columnheader" scope="col" class="since">Loads since</th>
      ${columns}
    </tr>
  </thead>`;
}

/**
 * Widths of the columns and heights of the objects, for the style sheet: with them the browser lays out only the part of the table that is
 * in sight.
 */
export function matrixSizes(results: Results): string {
  const programs = results.objects.flatMap((object) => object.programs.map(({ name }) => name.length));
  const heading = Math.max(0, ...columnNames(results).map((name) => name.length));
  const name = Math.min(20, 1.7 + 0.54 * Math.max(14, ...programs));
  const kernel = Math.min(9, Math.max(4.6, 0.85 + 0.5 * heading));
  const sizes = new Set(results.objects.map((object) => object.programs.length));
  const heights = [...sizes].map(
    (count) => `#matrix .rows${count} { contain-intrinsic-block-size: auto ${(2.4 + count * 1.95).toFixed(2)}rem; }`,
  );
  const spans = results.kernels.map((_, index) => `#matrix .group .span${index + 1} { width: calc(${index + 1} * var(--kernel)); }`);
  const room = `--name: ${name.toFixed(2)}rem; --kernel: ${kernel.toFixed(2)}rem; --kernels: ${results.kernels.length};`;
  return [`:root { ${room} }`, ...heights, ...spans].join('\n');
}

/** The table with its caption; complete before any script runs. */
export function matrixTable(results: Results): Html {
  const names = columnNames(results);
  const rows = grouped(matrixRows(results), ({ object }) => object);
  const columns = results.kernels.length + COLUMNS_BEFORE;
  const bodies = results.objects.map(({ id, path, programs, relocations, executable, loader = DEFAULT_LIBBPF }) => {
    const types = new Map(programs.map(({ name, type }) => [name, type]));
    const link = html`<a href="#${relocationsAnchor(id)}">${plural(relocations.length, 'relocation')}</a>`;
    return html`<tbody role="rowgroup" class="rows${programs.length}" ${executable !== true && html` data-loader="${loader}"`}>
      <tr role="row" class="object">
        <th role="rowheader" scope="rowgroup" colspan="${columns}">
          <span title="${path}">${id} ${relocations.length > 0 && link}</span>
        </th>
      </tr>
      ${(rows.get(id) ?? []).map(
        (row) =>
          html`<tr
            role="row"
            id="${programAnchor(row.object, row.program)}"
            data-object="${row.object}"
            data-program="${row.program}"
            data-type="${types.get(row.program) ?? ''}"
          >
            <th role="rowheader" scope="row" title="${row.program}">
              <a href="#${programAnchor(row.object, row.program)}">${row.program}</a>
            </th>
            ${sinceOf(row, results.kernels, names)}${row.cells.map(cellOf)}
          </tr>`,
      )}
    </tbody>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Matrix of programs and kernels">
    <table id="matrix" role="table">
      <caption>
        <span>Programs by kernels, oldest kernel first. Each cell leads to what happened there.</span>
      </caption>
      ${heads(results, names)}${bodies}
    </table>
  </div>`;
}

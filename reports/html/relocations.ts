// Relocations: what became of each on one kernel, and of all of an object's on every kernel side by side.
import type { CellRelocation, CellResult, ObjectResult, Results } from '../../harness/results/schema.ts';
import { plural, shortKernelNames } from '../summary.ts';
import { relocationAnchor, relocationsAnchor } from './anchors.ts';
import { html, type Html } from './html.ts';
import { lookOf } from './status.ts';

function valueOf(relocation: CellRelocation): string {
  const { local, target } = relocation;
  if (target === null) return local === null ? '' : `${local} → —`;
  return local === null || local === target ? target : `${local} → ${target}`;
}

function outcomeOf(relocation: CellRelocation): Html {
  const look = lookOf(relocation);
  const reached = relocation.reached === null || relocation.reached === 'no' ? '' : `; reached: ${relocation.reached}`;
  return html`<span class="mark ${look.tone}"><span aria-hidden="true">${look.shape}</span> ${look.word}${reached}</span>`;
}

function rowOf(relocation: CellRelocation, cell: CellResult, object: ObjectResult): Html {
  const known = object.relocations[relocation.ref];
  if (!known) return html``;
  const candidates = relocation.candidates.map(
    (candidate) => html`<li>${candidate.matches ? '✓' : '✕'} <code>${candidate.spec}</code></li>`,
  );
  const source = known.source;
  const anchor = relocationAnchor(cell.kernel, cell.object, relocation.ref);
  return html`<tr id="${anchor}">
    <td>
      ${known.program}<br /><small>insn ${known.insn}, <a href="#${anchor}">relo #${known.index}</a></small>
    </td>
    <td class="kind"><code>${known.kind}</code></td>
    <td>
      <code>${known.access}</code><br /><small><code>${known.spec}</code></small
      >${source && html`<br /><small>${source.file}:${source.line}${!source.exact && ' (nearest line)'} <code>${source.text}</code></small>`}
    </td>
    <td>
      ${outcomeOf(relocation)}${relocation.suspicious !== null && html`<br /><strong>suspicious: ${relocation.suspicious}</strong>`}${relocation.warnings.map((warning) => html`<br /><small>${warning}</small>`)}
    </td>
    <td class="number">${valueOf(relocation)}</td>
    <td>
      ${
        candidates.length > 0
          ? html`<details>
              <summary>${candidates.length} tried</summary>
              <ul>
                ${candidates}
              </ul>
            </details>`
          : 'none'
      }
    </td>
  </tr>`;
}

/** The ledger of one cell. */
export function relocationTable(cell: CellResult, object: ObjectResult): Html {
  if (cell.relocations.length === 0) return html`<p>No relocations.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Relocations">
    <table class="relocations">
      <thead>
        <tr>
          <th scope="col">Program</th>
          <th scope="col">Kind</th>
          <th scope="col">Access</th>
          <th scope="col">Outcome</th>
          <th scope="col">Value</th>
          <th scope="col">Candidates</th>
        </tr>
      </thead>
      <tbody>
        ${cell.relocations.map((relocation) => rowOf(relocation, cell, object))}
      </tbody>
    </table>
  </div>`;
}

/** All relocations of an object on all kernels: where a value moved, where a target is missing, and whether that matters. */
export function relocationMap(object: ObjectResult, results: Results): Html {
  if (object.relocations.length === 0) return html``;
  const own = new Map(results.cells.filter((cell) => cell.object === object.id).map((cell) => [cell.kernel, cell]));
  const columns = results.kernels.map((kernel) => {
    const cell = own.get(kernel.id);
    return { kernel, relocations: new Map(cell?.relocations.map((relocation) => [relocation.ref, relocation]) ?? []) };
  });
  const rows = object.relocations.map((known, ref) => {
    const cells = columns.map(({ kernel, relocations }) => {
      const relocation = relocations.get(ref);
      if (!relocation) return html`<td></td>`;
      const look = lookOf(relocation);
      const title = `${look.word}${relocation.suspicious === null ? '' : `; suspicious: ${relocation.suspicious}`}`;
      return html`<td class="${look.tone} number">
        <a href="#${relocationAnchor(kernel.id, object.id, ref)}" title="${title}"
          ><span aria-hidden="true">${look.shape}</span>
          ${relocation.target ?? relocation.outcome}${relocation.suspicious !== null && ' !'}</a
        >
      </td>`;
    });
    return html`<tr>
      <th scope="row">${known.program} <code>${known.kind}</code> <code>${known.access}</code></th>
      ${cells}
    </tr>`;
  });
  const size = `${plural(object.relocations.length, 'relocation')} on ${plural(results.kernels.length, 'kernel')}`;
  return html`<details class="block">
    <summary><strong>${object.id}</strong> <small>${size}</small></summary>
    <div class="scroll" id="${relocationsAnchor(object.id)}" tabindex="0" role="region" aria-label="Relocations of ${object.id}">
      <table class="map">
        <thead>
          <tr>
            <th scope="col">Relocation</th>
            ${shortKernelNames(results).map((name) => html`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </details>`;
}

// Relocations of an object on every kernel side by side: moved values, missing targets, and whether the verifier reaches them.
import type { CellRelocation, ObjectResult, Results } from '../../harness/results/schema.ts';
import { plural } from '../../harness/base/text.ts';
import { namePart, relocationsAnchor } from './anchors.ts';
import { guardedPart } from './explanation.ts';
import { html, type Html } from './html.ts';
import { columnNames, kernelNames } from './kernel-names.ts';
import { lookOf } from './shared/looks.ts';

interface Stretch {
  relocation: CellRelocation | null;
  /** Positions of the first and the last kernel. */
  from: number;
  to: number;
}

function same(a: CellRelocation | null, b: CellRelocation | null): boolean {
  if (a === null || b === null) return a === b;
  return a.outcome === b.outcome && a.target === b.target && a.reached === b.reached && a.suspicious === b.suspicious;
}

/** Neighbouring kernels with the same outcome of a relocation. */
function stretches(relocations: readonly (CellRelocation | null)[]): Stretch[] {
  const found: Stretch[] = [];
  for (const [index, relocation] of relocations.entries()) {
    const last = found.at(-1);
    if (last && same(last.relocation, relocation)) last.to = index;
    else found.push({ relocation, from: index, to: index });
  }
  return found;
}

function cellOf({ relocation, from, to }: Stretch, names: readonly string[]): Html {
  const span = to > from && html` colspan="${to - from + 1}"`;
  if (!relocation) return html`<td${span}></td>`;
  const look = lookOf(relocation);
  const where = to > from ? `${names[from]} to ${names[to]}` : names[from];
  const title = `${where}: ${look.word}${relocation.suspicious === null ? '' : `; suspicious: ${relocation.suspicious}`}`;
  return html`<td class="${look.tone} ${relocation.outcome}" ${span} title="${title}">
    <span aria-hidden="true">${look.shape}</span> ${relocation.target ?? look.word}${relocation.suspicious !== null && ' !'}
  </td>`;
}

function mapOf(object: ObjectResult, results: Results): Html {
  const own = new Map(results.cells.filter((cell) => cell.object === object.id).map((cell) => [cell.kernel, cell]));
  const columns = results.kernels.map(
    ({ id }) => new Map(own.get(id)?.relocations.map((relocation) => [relocation.ref, relocation]) ?? []),
  );
  const names = columnNames(results);
  const rows = object.relocations.map(
    (known, ref) =>
      html`<tr>
        <th scope="row"><code>${known.access}</code><small>${known.kind} in ${known.program}</small></th>
        ${stretches(columns.map((relocations) => relocations.get(ref) ?? null)).map((stretch) => cellOf(stretch, names))}
      </tr>`,
  );
  return html`<table class="map" data-object="${namePart(object.id)}">
    <thead>
      <tr>
        <th scope="col">Relocation</th>
        ${names.map((name) => html`<th scope="col">${name}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
}

/** A fold for each object that has relocations. */
export function relocationMaps(results: Results): Html {
  const naming = kernelNames(results);
  const folds = results.objects
    .filter(({ relocations }) => relocations.length > 0)
    .map(
      (object) =>
        html`<details class="block">
          <summary><strong>${object.id}</strong> <small>${plural(object.relocations.length, 'relocation')}</small></summary>
          <div class="scroll" id="${relocationsAnchor(object.id)}" tabindex="0" role="region" aria-label="Relocations of ${object.id}">
            ${mapOf(object, results)}
          </div>
          ${guardedPart(object.id, results.explanation?.guarded ?? [], naming)}
        </details>`,
    );
  return html`${folds}`;
}

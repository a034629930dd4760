// The relocation table of a cell: the outcome of every relocation.
import { cellRelocationAddress } from '../shared/addresses.ts';
import { lookOf } from '../shared/looks.ts';
import type { CellData, ObjectData, OutcomeData, RelocationData } from '../shared/page-data.ts';
import { copyButton } from './copy.ts';
import { code, columnHeads, element, mark, scrollBox, small, table } from './dom.ts';
import { itemAt, pageData } from './page.ts';
import { cellId, type CellPlace, relocationLink } from './places.ts';
import { outcomesOf, turningPoints } from './turning-points.ts';
import { lineText, outcomeText, valueText } from './words.ts';

interface Row {
  place: CellPlace;
  relocation: RelocationData;
  outcome: OutcomeData;
}

/** A relocation and its outcome as plain text that can be pasted elsewhere. */
function plainText({ place, relocation, outcome }: Row): string {
  const { kernels, objects } = pageData();
  const { program, insn, index, kind, access, spec, source } = relocation;
  const value = valueText(outcome);
  return [
    `${itemAt(objects, place.object).id} on ${itemAt(kernels, place.kernel).name}: ${program}, insn ${insn}, relo #${index}`,
    `${kind} ${access} (${spec})`,
    source && `${lineText(source)} ${source.text}`,
    `${outcomeText(outcome)}${value === '' ? '' : `, ${value}`}`,
    outcome.suspicious !== null && `suspicious: ${outcome.suspicious}`,
    outcome.predicted,
    ...outcome.warnings,
    ...outcome.candidates.map((candidate) => `candidate ${candidate.spec}: ${candidate.matches ? 'matches' : 'does not match'}`),
  ]
    .filter((line) => typeof line === 'string')
    .map((line) => `${line}\n`)
    .join('');
}

/** The link to the nearest two kernels between which the outcome changes, else to this kernel and a neighbour. */
function nearestChange({ kernel, object }: CellPlace, ref: number, data: ObjectData): string {
  const distance = ([left, right]: readonly [number, number]) => Math.min(Math.abs(left - kernel), Math.abs(right - kernel));
  const [nearest] = turningPoints(outcomesOf(data, ref)).toSorted((a, b) => distance(a) - distance(b));
  const count = pageData().kernels.length;
  const first = Math.max(0, Math.min(kernel, count - 2));
  const [left, right] = nearest ?? [first, Math.min(first + 1, count - 1)];
  return relocationLink({ object, ref, left, right });
}

function programCell(row: Row, id: string, data: ObjectData): HTMLElement {
  const { program, insn, index } = row.relocation;
  return element(
    'td',
    {},
    program,
    small(`insn ${insn}, `, element('a', { href: `#${id}` }, `relo #${index}`)),
    small(element('a', { href: nearestChange(row.place, row.outcome.ref, data) }, 'on other kernels')),
    copyButton('Copy', () => plainText(row)),
  );
}

function accessCell({ access, kind, spec, source }: RelocationData): HTMLElement {
  return element('td', {}, code(access), small(code(kind), ' ', code(spec)), source && small(`${lineText(source)} `, code(source.text)));
}

function outcomeCell(outcome: OutcomeData): HTMLElement {
  return element(
    'td',
    {},
    mark(lookOf(outcome), outcomeText(outcome)),
    outcome.suspicious !== null && element('strong', { class: 'suspicious' }, `suspicious: ${outcome.suspicious}`),
    outcome.predicted !== null && element('strong', { class: 'suspicious' }, outcome.predicted),
    outcome.warnings.map((warning) => small(warning)),
  );
}

function candidatesCell({ candidates }: OutcomeData): HTMLElement {
  if (candidates.length === 0) return element('td', {}, 'none');
  const items = candidates.map(({ spec, matches }) => element('li', {}, matches ? '✓ ' : '✕ ', code(spec)));
  return element('td', {}, element('details', {}, element('summary', {}, `${candidates.length} tried`), element('ul', {}, items)));
}

/** The table, or a note if the object has no relocations. Each row has an id. */
export function relocationTable(place: CellPlace, data: ObjectData, cell: CellData): HTMLElement {
  if (cell.relocations.length === 0) return element('p', {}, 'No relocations.');
  const rows = cell.relocations.map((at) => {
    const outcome = itemAt(data.outcomes, at);
    const relocation = itemAt(data.relocations, outcome.ref);
    const id = cellRelocationAddress(cellId(place), outcome.ref);
    return element(
      'tr',
      { id },
      programCell({ place, relocation, outcome }, id, data),
      accessCell(relocation),
      outcomeCell(outcome),
      element('td', { class: 'number' }, valueText(outcome)),
      candidatesCell(outcome),
    );
  });
  const head = columnHeads(['Program', 'Access', 'Outcome', 'Value', 'Candidates']);
  return scrollBox('Relocations', table({ class: 'relocations', head, rows }));
}

// The view of one relocation on two kernels: its outcomes, and the types that it goes through side by side.
import { cellRelocationAddress, relocationsAddress } from '../shared/addresses.ts';
import { lookOf } from '../shared/looks.ts';
import type { ObjectData, OutcomeData, RelocationData } from '../shared/page-data.ts';
import type { TypesByPosition } from './comparison.ts';
import { type Child, code, element, mark, note, scrollBox, select, small, table } from './dom.ts';
import { layoutTable } from './layout-table.ts';
import { itemAt, pageData } from './page.ts';
import { cellId, type RelocationPlace, relocationLink } from './places.ts';
import { outcomesOf, turningPoints } from './turning-points.ts';
import { factLine, stepLink, viewHead } from './view-head.ts';
import { lineText, outcomeText, valueText } from './words.ts';

/** A link to a pair of kernels between which the outcome changes. */
function turnLink(step: 'previous' | 'next', place: RelocationPlace, pair: readonly [number, number] | undefined): HTMLElement | null {
  if (!pair) return null;
  const [left, right] = pair;
  const text = pair.map((kernel) => itemAt(pageData().kernels, kernel).name).join(' | ');
  return stepLink(step, relocationLink({ ...place, left, right }), text, 'where it changed');
}

/** The head: the access, its line of C, and links to the kernels between which the outcome changes. */
export function relocationHead(place: RelocationPlace, data: ObjectData, up: string): HTMLElement {
  const { left, right } = place;
  const { anchor, id } = itemAt(pageData().objects, place.object);
  const { access, kind, program, insn, index, source } = itemAt(data.relocations, place.ref);
  const points = turningPoints(outcomesOf(data, place.ref));
  const previous = points.findLast(([, to]) => to < right || (to === right && left < to - 1));
  const next = points.find(([from]) => from > left || (from === left && right > from + 1));
  return viewHead({
    up,
    links: [
      element('a', { href: `#${relocationsAddress(anchor)}` }, `Relocations of ${id}`),
      turnLink('previous', place, previous),
      turnLink('next', place, next),
    ],
    title: [
      code(access),
      factLine(`${kind} in ${program}, insn ${insn}, relo #${index} of ${id}`),
      source && factLine(`${lineText(source)} `, code(source.text)),
    ],
  });
}

function kernelHeads(place: RelocationPlace): HTMLElement[] {
  const options = pageData().kernels.map(({ name }) => name);
  const go = (changed: Partial<RelocationPlace>) => {
    location.hash = relocationLink({ ...place, ...changed });
  };
  const choices = [
    select({ label: 'Left', options, at: place.left, onChange: (left) => go({ left }) }),
    select({ label: 'Right', options, at: place.right, onChange: (right) => go({ right }) }),
  ];
  return choices.map((choice) => element('th', { scope: 'col' }, choice));
}

function row(title: string, cells: readonly Child[]): HTMLElement {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, title),
    cells.map((cell) => element('td', {}, cell || '—')),
  );
}

function candidates(outcome: OutcomeData): Child {
  if (outcome.candidates.length === 0) return null;
  return element(
    'span',
    {},
    outcome.candidates.map(({ spec, matches }) => small(matches ? '✓ ' : '✕ ', code(spec))),
  );
}

function notes({ suspicious, predicted, warnings }: OutcomeData): string {
  const all = [suspicious === null ? null : `suspicious: ${suspicious}`, predicted, ...warnings];
  return all.filter((text) => text !== null).join('; ');
}

function cellLink({ object, ref }: RelocationPlace, kernel: number, data: ObjectData): HTMLElement | null {
  if (!data.cells[kernel]) return null;
  const { kernels, objects } = pageData();
  const href = `#${cellRelocationAddress(cellId({ kernel, object }), ref)}`;
  return element('a', { href }, `${itemAt(objects, object).id} on ${itemAt(kernels, kernel).name}`);
}

function outcomeTable(place: RelocationPlace, data: ObjectData): HTMLElement {
  const all = outcomesOf(data, place.ref);
  const sides = [place.left, place.right];
  const each = (show: (outcome: OutcomeData) => Child) => sides.map((kernel) => all[kernel] && show(all[kernel]));
  const hasNotes = each(notes).some((text) => text);
  const rows = [
    row(
      'Outcome',
      each((outcome) => mark(lookOf(outcome), outcomeText(outcome))),
    ),
    row('Value', each(valueText)),
    row('Candidates', each(candidates)),
    hasNotes && row('Notes', each(notes)),
    row(
      'Cell',
      sides.map((kernel) => cellLink(place, kernel, data)),
    ),
  ];
  return table({ class: 'compared', head: [element('td'), kernelHeads(place)], rows });
}

function layouts({ touches }: RelocationData, { left, right }: RelocationPlace, types: TypesByPosition): HTMLElement[] {
  const tables = touches.flatMap((touch) => {
    const type = types.get(touch.type);
    return type ? [layoutTable(type, [left, right], touch.member === null ? [] : [touch.member])] : [];
  });
  return tables.length > 0 ? tables : [note('These results contain no layout of the type.')];
}

/** The outcomes on both kernels, and the types that the relocation goes through. */
export function relocationView(place: RelocationPlace, data: ObjectData, types: TypesByPosition): HTMLElement {
  return element(
    'div',
    { class: 'relocation-view' },
    scrollBox('Outcome', outcomeTable(place, data)),
    element('h3', {}, 'Layout on both kernels'),
    layouts(itemAt(data.relocations, place.ref), place, types),
  );
}

// The relocations that differ between two kernels.
import { plural } from '../../../harness/base/text.ts';
import { lookOf } from '../shared/looks.ts';
import type { CellData, ObjectData, OutcomeData, RelocationData } from '../shared/page-data.ts';
import { code, columnHeads, element, mark, note, scrollBox, small, table } from './dom.ts';
import type { Sides } from './log-diff.ts';
import { itemAt } from './page.ts';
import { valueText } from './words.ts';

/** A cell, and the data of its object. */
export interface CellSide {
  data: ObjectData;
  cell: CellData;
}

const keyOf = ({ program, index }: RelocationData) => `${index} ${program}`;

/** The outcomes of a cell, by relocation. */
function byRelocation(side: CellSide | undefined): ReadonlyMap<string, OutcomeData> {
  if (!side) return new Map();
  const { cell, data } = side;
  const own = cell.relocations.map((at) => itemAt(data.outcomes, at));
  return new Map(own.map((outcome) => [keyOf(itemAt(data.relocations, outcome.ref)), outcome]));
}

function factsOf(outcome: OutcomeData | undefined): string {
  return outcome ? `${lookOf(outcome).word} ${outcome.target ?? ''} ${outcome.suspicious ?? ''}` : '';
}

function outcomeCell(outcome: OutcomeData | undefined): HTMLElement {
  if (!outcome) return element('td', {}, '—');
  return element('td', {}, mark(lookOf(outcome)), ` ${valueText(outcome)}`, outcome.suspicious && small(outcome.suspicious));
}

function rowOf({ access, kind, program }: RelocationData, sides: readonly (OutcomeData | undefined)[]): HTMLElement {
  return element('tr', {}, element('th', { scope: 'row' }, code(access), small(`${kind} in ${program}`)), sides.map(outcomeCell));
}

interface Compared {
  sides: Sides<CellSide>;
  /** Only relocations of this program; null for all. */
  program: string | null;
  /** The names of both sides. */
  names: readonly string[];
}

/** A table of the relocations that differ, and the number of the others. */
export function relocationDiff({ sides, program, names }: Compared): HTMLElement {
  const [left, right] = [byRelocation(sides.left), byRelocation(sides.right)];
  const listed = [sides.left, sides.right].flatMap((side) => side?.data.relocations ?? []);
  const unique = new Map(listed.map((relocation) => [keyOf(relocation), relocation]));
  const all = [...unique].filter(([, relocation]) => program === null || relocation.program === program);
  const different = all.filter(([key]) => factsOf(left.get(key)) !== factsOf(right.get(key)));
  const rest = note(`${all.length - different.length} of ${plural(all.length, 'relocation')} are the same on both.`);
  if (different.length === 0) return rest;
  const rows = different.map(([key, relocation]) => rowOf(relocation, [left.get(key), right.get(key)]));
  const compared = table({ class: 'compared', head: columnHeads(['Relocation', ...names]), rows });
  return element('div', {}, scrollBox('Relocations that differ', compared), rest);
}

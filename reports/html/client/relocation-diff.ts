// The relocations that differ between two kernels.
import { plural } from '../../../harness/base/text.ts';
import { lookOf } from '../shared/looks.ts';
import type { CellData, ObjectData, OutcomeData, RelocationData } from '../shared/page-data.ts';
import { code, columnHeads, element, mark, note, scrollBox, small, table } from './dom.ts';
import type { Sides } from './log-diff.ts';
import { itemAt } from './page.ts';
import { valueText } from './words.ts';

/** The outcomes of a cell, by relocation. */
function byRelocation(cell: CellData | undefined, { outcomes }: ObjectData): ReadonlyMap<number, OutcomeData> {
  const own = (cell?.relocations ?? []).map((at) => itemAt(outcomes, at));
  return new Map(own.map((outcome) => [outcome.ref, outcome]));
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
  data: ObjectData;
  cells: Sides<CellData>;
  /** Only relocations of this program; null for all. */
  program: string | null;
  /** The names of both kernels. */
  names: readonly string[];
}

/** A table of the relocations that differ, and the number of the others. */
export function relocationDiff({ data, cells, program, names }: Compared): HTMLElement {
  const [left, right] = [byRelocation(cells.left, data), byRelocation(cells.right, data)];
  const all = [...data.relocations.entries()].filter(([, relocation]) => program === null || relocation.program === program);
  const different = all.filter(([ref]) => factsOf(left.get(ref)) !== factsOf(right.get(ref)));
  const rest = note(`${all.length - different.length} of ${plural(all.length, 'relocation')} are the same on both.`);
  if (different.length === 0) return rest;
  const rows = different.map(([ref, relocation]) => rowOf(relocation, [left.get(ref), right.get(ref)]));
  const compared = table({ class: 'compared', head: columnHeads(['Relocation', ...names]), rows });
  return element('div', {}, scrollBox('Relocations that differ', compared), rest);
}

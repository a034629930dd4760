// A type on two kernels side by side. New, removed, renamed and retyped members are marked; members with only another offset are not.
import { plural } from '../../../harness/base/text.ts';
import type { PlacedMember, TypeData } from '../shared/page-data.ts';
import { code, element, quietButton, scrollBox, small } from './dom.ts';
import { type LayoutChange, type LayoutRow, layoutRows, memberOf } from './layout-rows.ts';
import { itemAt, pageData } from './page.ts';

/** Number of rows that are shown before and after a row that differs. */
const NEAR = 1;

const SIGNS = { added: '+', removed: '−', offset: '›', renamed: '~', type: '~', size: '~' } as const satisfies Record<LayoutChange, string>;

/** The columns of each side, and how many of them contain numbers. */
const MEMBER_COLUMNS = { names: ['Offset', 'Size', 'Member', 'Type'], numbers: 2 };
const ENUM_COLUMNS = { names: ['Enumerator', 'Value'], numbers: 0 };

function columnsOf({ layouts }: TypeData): typeof MEMBER_COLUMNS {
  return layouts.some(({ kind }) => kind === 'enum') ? ENUM_COLUMNS : MEMBER_COLUMNS;
}

/** An offset in bytes, with the bit if the member does not begin at a byte. */
function offsetText(bits: number | null, bitSize: number): string {
  if (bits === null) return '';
  return bitSize === 0 && bits % 8 === 0 ? String(bits / 8) : `${Math.floor(bits / 8)}.${bits % 8}`;
}

function sideCells(type: TypeData, placed: PlacedMember | null): HTMLElement[] {
  const { names, numbers } = columnsOf(type);
  const member = memberOf(type, placed);
  if (!placed || !member) return [element('td', { class: 'edge none', colspan: String(names.length) }, '—')];
  const size = member.bitSize > 0 ? `:${member.bitSize}` : String(member.size ?? '');
  const texts =
    numbers === 0 ? [member.name, member.type] : [offsetText(placed[1], member.bitSize), size, member.name || '(no name)', member.type];
  return texts.map((text, at) => element('td', { class: `${at === 0 ? 'edge ' : ''}${at < numbers ? 'number' : 'code'}` }, text));
}

function toneOf({ changes: [first], differs }: LayoutRow): string {
  if (first === 'added' || first === 'removed') return first;
  return differs ? 'changed' : 'same';
}

function rowOf(type: TypeData, row: LayoutRow): HTMLElement {
  const { changes, left, right, isAccessed } = row;
  const [first] = changes;
  return element(
    'tr',
    { class: `${toneOf(row)}${isAccessed ? ' accessed' : ''}` },
    element('th', { scope: 'row' }, first ? `${SIGNS[first]} ${changes.join(', ')}` : 'same'),
    sideCells(type, left),
    sideCells(type, right),
  );
}

/** Positions of the rows that are shown at first: those that differ or are accessed, and their neighbours. */
function importantRows(rows: readonly LayoutRow[]): ReadonlySet<number> {
  const important = [...rows.entries()].flatMap(([at, { differs, isAccessed }]) => (differs || isAccessed ? [at] : []));
  const near = Array.from({ length: 2 * NEAR + 1 }, (_, step) => step - NEAR);
  return new Set(important.flatMap((at) => near.map((step) => at + step)));
}

/** The rows, with a line for each gap between them. */
function bodyRows(type: TypeData, rows: readonly LayoutRow[], isShown: (at: number) => boolean): HTMLElement[] {
  const width = String(1 + 2 * columnsOf(type).names.length);
  const shown: HTMLElement[] = [];
  let skipped = 0;
  const closeGap = () => {
    if (skipped > 0) shown.push(element('tr', { class: 'skipped' }, element('td', { colspan: width }, `… ${skipped} more`)));
    skipped = 0;
  };
  for (const [at, row] of rows.entries()) {
    if (isShown(at)) {
      closeGap();
      shown.push(rowOf(type, row));
    } else skipped += 1;
  }
  closeGap();
  return shown;
}

/** A button that switches between all rows and the important ones. */
function allButton(count: number, show: (all: boolean) => void): HTMLElement {
  const more = quietButton(`All ${count}`, { 'aria-pressed': 'false' });
  more.addEventListener('click', () => {
    const all = more.getAttribute('aria-pressed') !== 'true';
    more.setAttribute('aria-pressed', String(all));
    show(all);
  });
  return more;
}

/** The size of the type on a kernel, or why it is not known. */
function sizeText({ kernels, layouts }: TypeData, kernel: number): string {
  const position = kernels[kernel] ?? null;
  if (position === null) return 'no BTF known';
  const layout = layouts[position];
  if (!layout) return 'no such type';
  const bytes = layout.size === null ? '' : plural(layout.size, 'byte');
  return `${bytes}${layout.others > 0 ? `; the first of ${layout.others + 1} of this name` : ''}`;
}

function countsText(rows: readonly LayoutRow[]): string {
  const differing = rows.filter(({ differs }) => differs).length;
  const same = rows.filter(({ changes }) => changes.length === 0).length;
  const elsewhere = rows.length - differing - same;
  return [`${differing} differ`, ...(elsewhere > 0 ? [`${elsewhere} only moved`] : []), `${same} the same`].join(', ');
}

function tableHead(type: TypeData, kernels: readonly number[]): HTMLElement {
  const { names, numbers } = columnsOf(type);
  const sides = kernels.map((kernel) =>
    element(
      'th',
      { scope: 'colgroup', colspan: String(names.length), class: 'edge' },
      itemAt(pageData().kernels, kernel).name,
      small(` ${sizeText(type, kernel)}`),
    ),
  );
  const columns = kernels.map(() =>
    names.map((text, at) => element('th', { scope: 'col', class: `${at === 0 ? 'edge ' : ''}${at < numbers ? 'number' : ''}` }, text)),
  );
  return element(
    'thead',
    {},
    element('tr', {}, element('td'), sides),
    element('tr', {}, element('th', { scope: 'col' }, 'Change'), columns),
  );
}

/** A table of two layouts of a type. Members that a relocation accesses are marked, and shown even if they did not change. */
export function layoutTable(type: TypeData, kernels: readonly [number, number], accessed: readonly string[]): HTMLElement {
  const rows = layoutRows(type, kernels, accessed);
  const important = importantRows(rows);
  const body = element('tbody');
  const show = (all: boolean) => body.replaceChildren(...bodyRows(type, rows, (at) => all || important.has(at)));
  show(false);
  const isWhole = rows.every((_, at) => important.has(at));
  const sizes = kernels.map((kernel) => sizeText(type, kernel)).join(', ');
  return element(
    'section',
    { class: 'type', 'aria-label': type.name },
    element('h4', {}, code(type.name), ' ', small(rows.length === 0 ? sizes : countsText(rows)), !isWhole && allButton(rows.length, show)),
    rows.length > 0 && scrollBox(`Layouts of ${type.name}`, element('table', { class: 'layout' }, tableHead(type, kernels), body)),
  );
}

// The columns of the matrix, one for each kernel. The filter shows and hides them.

/** Number of columns before the first kernel: the program, and the oldest kernel that it loads on. */
export const COLUMNS_BEFORE = 2;

export interface Columns {
  /** Whether each kernel is shown. */
  shown: () => readonly boolean[];
  /** Shows these kernels and hides the others. Returns whether anything changed. */
  show: (shown: readonly boolean[]) => boolean;
  /** The text of each kernel that a query can match. */
  texts: readonly string[];
}

interface Sizes {
  table: number;
  column: number;
  room: number;
  /** Number of columns that were shown during the measurement. */
  columns: number;
}

const countShown = (shown: readonly boolean[]) => shown.filter(Boolean).length;

/** Ranges of hidden columns, from 1, last one included. The browser matches one rule for each range faster than one for each column. */
function hiddenRanges(shown: readonly boolean[]): [number, number][] {
  const ranges: [number, number][] = [];
  for (const [at, isShown] of shown.entries()) {
    const position = at + COLUMNS_BEFORE + 1;
    const last = ranges.at(-1);
    if (isShown) continue;
    if (last?.[1] === position - 1) last[1] = position;
    else ranges.push([position, position]);
  }
  return ranges;
}

/** The style rule that hides all columns that are not shown and, in rows of class `near`, those beyond the right edge of the window. */
function hidingRule(shown: readonly boolean[], sizes: Sizes, scrolled: number): string {
  const names = sizes.table - sizes.columns * sizes.column;
  const fitting = Math.ceil((scrolled + sizes.room - names) / Math.max(1, sizes.column));
  const [beyond] = [...shown.keys()].filter((at) => shown[at]).slice(Math.max(0, fitting));
  const hidden = hiddenRanges(shown).map(([from, to]) => `#matrix tr:not(.group, .object) > :nth-child(n + ${from}):nth-child(-n + ${to})`);
  if (beyond !== undefined && sizes.column > 0) hidden.push(`#matrix .near > :nth-child(n + ${beyond + COLUMNS_BEFORE + 1})`);
  return hidden.length === 0 ? '' : `${hidden.join()} { display: none; }`;
}

/** The heads that neighbouring kernels share, with the position of the first kernel and the number of kernels. */
function groupHeads(matrix: HTMLTableElement | null): { cell: HTMLTableCellElement; from: number; span: number }[] {
  return [...(matrix?.querySelectorAll<HTMLTableRowElement>('tr.group') ?? [])].flatMap((row) => {
    let from = 0;
    return [...row.cells].slice(1).map((cell) => {
      const head = { cell, from, span: cell.colSpan };
      from += head.span;
      return head;
    });
  });
}

/** Controls the columns of the matrix. */
export function controlColumns(matrix: HTMLTableElement | null): Columns {
  const box = matrix?.parentElement;
  const heads = [...(matrix?.querySelectorAll<HTMLElement>('th[data-kernel]') ?? [])];
  const groups = groupHeads(matrix);
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  let shown: readonly boolean[] = heads.map(() => true);
  // Measured only when the window changes. Reading sizes while columns change would make the browser lay out the page each time.
  let sizes: Sizes = { table: 0, column: 0, room: 0, columns: heads.length };
  let scrolled = 0;

  const write = () => sheet.replaceSync(hidingRule(shown, sizes, scrolled));

  /** Keeps the head of the table in sight: if the table fits, the page scrolls, otherwise the box around the table. */
  const fit = () => {
    const gone = sizes.columns - countShown(shown);
    const fits = sizes.table - gone * sizes.column <= sizes.room;
    box?.classList.toggle('fits', fits);
    box?.classList.toggle('wide', !fits);
  };

  const measure = () => {
    const column = heads.find((_, at) => shown[at])?.offsetWidth ?? sizes.column;
    sizes = { table: matrix?.offsetWidth ?? 0, column, room: box?.clientWidth ?? 0, columns: countShown(shown) };
    fit();
    write();
  };

  const show: Columns['show'] = (next) => {
    if (next.every((value, at) => value === shown[at])) return false;
    shown = next;
    write();
    matrix?.style.setProperty('--kernels', String(countShown(shown)));
    for (const { cell, from, span } of groups) {
      const left = countShown(shown.slice(from, from + span));
      cell.colSpan = Math.max(1, left);
      cell.className = left === 0 ? 'hidden' : `span${left}`;
    }
    fit();
    return true;
  };

  box?.addEventListener('scroll', () => (scrolled = box.scrollLeft), { passive: true });
  box?.addEventListener('scrollend', write);
  addEventListener('resize', measure);
  measure();
  return { shown: () => shown, show, texts: heads.map((head) => `${head.textContent ?? ''} ${head.dataset['kernel'] ?? ''}`) };
}

// The columns of the matrix as they come and go, each a kernel.

/** Columns of a row before that of its first kernel: the program, and since when it loads. */
export const COLUMNS_BEFORE = 2;

export interface Columns {
  /** Of each kernel whether it is shown. */
  shown: () => readonly boolean[];
  /** Shows those kernels; returns whether anything changed. */
  show: (shown: readonly boolean[]) => boolean;
  /** The head of each kernel, in words that a query may ask for. */
  texts: readonly string[];
}

interface Sizes {
  table: number;
  column: number;
  room: number;
  /** Columns that were shown when these were measured. */
  columns: number;
}

const countShown = (shown: readonly boolean[]) => shown.filter(Boolean).length;

/** First and last position of columns in a row that are hidden together: one rule for each range is matched faster than one for each column. */
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

/** Hides the columns that are not asked for, and in rows that just come (`near`) those beyond the right edge as well. */
function hidingRule(shown: readonly boolean[], sizes: Sizes, scrolled: number): string {
  const names = sizes.table - sizes.columns * sizes.column;
  const fitting = Math.ceil((scrolled + sizes.room - names) / Math.max(1, sizes.column));
  const [beyond] = [...shown.keys()].filter((at) => shown[at]).slice(Math.max(0, fitting));
  const hidden = hiddenRanges(shown).map(([from, to]) => `#matrix tr:not(.group, .object) > :nth-child(n + ${from}):nth-child(-n + ${to})`);
  if (beyond !== undefined && sizes.column > 0) hidden.push(`#matrix .near > :nth-child(n + ${beyond + COLUMNS_BEFORE + 1})`);
  return hidden.length === 0 ? '' : `${hidden.join()} { display: none; }`;
}

/** The heads that neighbouring kernels share, and how many kernels each is for. */
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

/** Takes hold of the columns of the matrix. */
export function takeColumns(matrix: HTMLTableElement | null): Columns {
  const box = matrix?.parentElement;
  const heads = [...(matrix?.querySelectorAll<HTMLElement>('th[data-kernel]') ?? [])];
  const groups = groupHeads(matrix);
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  let shown: readonly boolean[] = heads.map(() => true);
  // Measured when the window changes only: to ask for sizes while columns come and go would have everything laid out at once.
  let sizes: Sizes = { table: 0, column: 0, room: 0, columns: heads.length };
  let scrolled = 0;

  const write = () => sheet.replaceSync(hidingRule(shown, sizes, scrolled));

  /** The head of the table stays in sight: while the page scrolls when the table fits, else in a box of its own. */
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

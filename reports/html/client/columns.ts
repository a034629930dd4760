// The columns of the matrix as they come and go, each a kernel.

export interface ColumnControl {
  /** How many columns a row has before that of its first kernel. */
  before: number;
  /** Of each kernel whether it is shown. */
  shown: () => readonly boolean[];
  /** Shows those kernels; returns whether anything changed. */
  show: (shown: readonly boolean[]) => boolean;
  /** What a head says of its kernel, in words a query may ask for. */
  texts: readonly string[];
}

/** Takes hold of the columns of the matrix. */
export function columnControl(matrix: HTMLTableElement | null): ColumnControl {
  const before = 2;
  const box = matrix?.parentElement;
  const heads = [...(matrix?.querySelectorAll<HTMLElement>('th[data-kernel]') ?? [])];
  const groups = [...(matrix?.querySelectorAll<HTMLTableRowElement>('tr.group') ?? [])];
  const spans = groups.map((row) => [...row.cells].slice(1).map((cell) => cell.colSpan));
  const sheet = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  let shown: readonly boolean[] = heads.map(() => true);

  // Sizes are measured when the window changes only: to ask for them while columns come and go would have everything laid out at once.
  const sizes = { table: 0, column: 0, room: 0, columns: heads.length };
  let scrolled = 0;

  /** Positions in a row of columns that are hidden together, first and last: one rule for each is sooner matched than one for each column. */
  const hiddenRanges = () => {
    const ranges: [number, number][] = [];
    for (const [at, value] of shown.entries()) {
      const last = ranges.at(-1);
      if (value) continue;
      if (last?.[1] === at + before) last[1] += 1;
      else ranges.push([at + before + 1, at + before + 1]);
    }
    return ranges;
  };

  /** Hides the columns that are not asked for, and in rows that just come (`near`) those beyond the right edge as well. */
  const write = () => {
    const names = sizes.table - sizes.columns * sizes.column;
    const fitting = Math.ceil((scrolled + sizes.room - names) / Math.max(1, sizes.column));
    const [beyond] = [...shown.keys()].filter((at) => shown[at]).slice(Math.max(0, fitting));
    const hidden = hiddenRanges().map(([from, to]) => `#matrix tr:not(.group, .object) > :nth-child(n + ${from}):nth-child(-n + ${to})`);
    if (beyond !== undefined && sizes.column > 0) hidden.push(`#matrix .near > :nth-child(n + ${beyond + before + 1})`);
    sheet.replaceSync(hidden.length === 0 ? '' : `${hidden.join()} { display: none; }`);
  };

  /** The head of a table stays in sight: while the page scrolls where the table fits, else in a box of its own. */
  const fit = () => {
    const gone = sizes.columns - shown.filter(Boolean).length;
    const fits = sizes.table - gone * sizes.column <= sizes.room;
    box?.classList.toggle('fits', fits);
    box?.classList.toggle('wide', !fits);
  };

  const measure = () => {
    sizes.columns = shown.filter(Boolean).length;
    sizes.table = matrix?.offsetWidth ?? 0;
    sizes.column = heads.find((_, at) => shown[at])?.offsetWidth ?? sizes.column;
    sizes.room = box?.clientWidth ?? 0;
    fit();
    write();
  };

  const show: ColumnControl['show'] = (next) => {
    if (next.every((value, at) => value === shown[at])) return false;
    shown = next;
    write();
    matrix?.style.setProperty('--kernels', String(shown.filter(Boolean).length));
    for (const [at, row] of groups.entries()) {
      let from = 0;
      for (const [index, cell] of [...row.cells].slice(1).entries()) {
        const span = spans[at]?.[index] ?? 1;
        const left = shown.slice(from, from + span).filter(Boolean).length;
        from += span;
        cell.colSpan = Math.max(1, left);
        cell.className = left === 0 ? 'hidden' : `span${left}`;
      }
    }
    fit();
    return true;
  };

  box?.addEventListener('scroll', () => (scrolled = box.scrollLeft), { passive: true });
  box?.addEventListener('scrollend', write);
  addEventListener('resize', measure);
  measure();
  return { before, shown: () => shown, show, texts: heads.map((head) => `${head.textContent ?? ''} ${head.dataset['kernel'] ?? ''}`) };
}

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// The matrix as the reader filters it and goes through it by keys.
import type { FilterRow, parseFilter, wantsKernel, wantsRow } from '../filter.ts';

export interface Language {
  parseFilter: typeof parseFilter;
  wantsKernel: typeof wantsKernel;
  wantsRow: typeof wantsRow;
}

export interface MatrixControl {
  /** Shows what a query asks for, of all rows or of those that differ or failed; returns how many rows are shown, of how many. */
  filter: (query: string, only: string) => { shown: number; all: number };
  /** Moves the focus from one cell to another, as an arrow key or `n` and `p` ask; false where the key means nothing here. */
  move: (key: string) => boolean;
}

/** Takes hold of the matrix in the page. */
export function matrixControl(language: Language): MatrixControl {
  const before = 2;
  const matrix = document.querySelector<HTMLTableElement>('#matrix');
  const heads = [...document.querySelectorAll<HTMLElement>('#matrix th[data-kernel]')];
  const groups = [...document.querySelectorAll<HTMLTableRowElement>('#matrix tr.group')];
  const spans = groups.map((row) => [...row.cells].slice(1).map((cell) => cell.colSpan));
  const bodies = [...(matrix?.tBodies ?? [])].map((body) => ({
    body,
    rows: [...body.rows].filter((row) => row.dataset['program'] !== undefined),
  }));
  const columns = new CSSStyleSheet();
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, columns];
  let shownColumns = heads.map(() => true);

  interface Seen {
    row: Omit<FilterRow, 'statuses' | 'classes' | 'marks' | 'texts'>;
    cells: { status: string; class: string; marks: string[]; text: string }[];
  }
  const seen = new Map<HTMLTableRowElement, Seen>();
  const read = (row: HTMLTableRowElement): Seen => {
    const known = seen.get(row);
    if (known) return known;
    const { object = '', program = '', type = '' } = row.dataset;
    const made = {
      row: { object: object.toLowerCase(), program: program.toLowerCase(), type: type.toLowerCase() },
      cells: [...row.cells].slice(before).map(({ dataset, firstElementChild, textContent }) => ({
        status: dataset['s'] ?? '',
        class: dataset['class'] ?? '',
        marks: dataset['is']?.split(' ') ?? [],
        text: `${textContent ?? ''} ${firstElementChild?.getAttribute('title') ?? ''}`.toLowerCase(),
      })),
    };
    seen.set(row, made);
    return made;
  };

  const wanted = (row: HTMLTableRowElement, terms: ReturnType<Language['parseFilter']>, only: string) => {
    const { row: facts, cells: all } = read(row);
    const cells = all.filter((cell, index) => shownColumns[index] && cell.status !== '');
    const statuses = cells.map((cell) => cell.status);
    if (only === 'failures' && !statuses.some((status) => ['fail', 'xpass', 'infra'].includes(status))) return false;
    if (only === 'differs' && new Set(statuses).size < 2) return false;
    const classes = cells.map((cell) => cell.class);
    const marks = cells.flatMap((cell) => cell.marks);
    return language.wantsRow(terms, { ...facts, statuses, classes, marks, texts: cells.map((cell) => cell.text) });
  };

  // The head of a table stays in sight: while the page scrolls where the table fits, else in a box of its own. Widths are measured when
  // the window changes only: to ask for them while columns come and go would have everything laid out at once.
  const widths = { table: 0, column: 0, room: 0, columns: heads.length };
  const fit = () => {
    const hidden = widths.columns - shownColumns.filter(Boolean).length;
    const fits = widths.table - hidden * widths.column <= widths.room;
    matrix?.parentElement?.classList.toggle('fits', fits);
    matrix?.parentElement?.classList.toggle('wide', !fits);
  };
  const measure = () => {
    widths.columns = shownColumns.filter(Boolean).length;
    widths.table = matrix?.offsetWidth ?? 0;
    widths.column = heads.find((_, index) => shownColumns[index])?.offsetWidth ?? widths.column;
    widths.room = matrix?.parentElement?.clientWidth ?? 0;
    fit();
  };

  const showColumns = (shown: boolean[]) => {
    if (shown.every((value, index) => value === shownColumns[index])) return;
    shownColumns = shown;
    const hidden = shown.flatMap((value, index) => (value ? [] : [`#matrix tr:not(.group, .object) > :nth-child(${index + before + 1})`]));
    columns.replaceSync(hidden.length === 0 ? '' : `${hidden.join()} { display: none; }`);
    const count = shown.filter(Boolean).length;
    matrix?.style.setProperty('--kernels', String(count));
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
  };

  const filter: MatrixControl['filter'] = (query, only) => {
    const terms = language.parseFilter(query);
    showColumns(heads.map((head) => language.wantsKernel(terms, `${head.textContent ?? ''} ${head.dataset['kernel'] ?? ''}`)));
    const everything = terms.every(({ key }) => key === 'k' || key === 'arch') && only === 'all';
    const found = { shown: 0, all: 0 };
    for (const { body, rows } of bodies) {
      let some = false;
      for (const row of rows) {
        const show = everything || wanted(row, terms, only);
        if (row.classList.contains('hidden') === show) row.classList.toggle('hidden', !show);
        found.shown += Number(show);
        some ||= show;
      }
      found.all += rows.length;
      if (body.classList.contains('hidden') === some) body.classList.toggle('hidden', !some);
    }
    // What is hidden cannot be come to.
    if (stop?.closest('.hidden'))
      makeStop(linkIn(bodies.flatMap(({ rows }) => rows).find((row) => !row.closest('.hidden') && !row.classList.contains('hidden'))));
    return found;
  };

  /** Tab comes to one cell of the matrix only, the one that was left last; arrows lead to all others. */
  let stop: HTMLElement | null = null;
  const makeStop = (link: HTMLElement | null | undefined) => {
    if (!link || link === stop) return;
    stop?.setAttribute('tabindex', '-1');
    link.setAttribute('tabindex', '0');
    stop = link;
  };
  const linkIn = (row: HTMLTableRowElement | undefined) => row?.querySelector<HTMLElement>('th a');
  matrix?.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement && target.closest('tr[data-program]')) makeStop(target);
  });

  /** The program, and its cells that are shown. */
  const links = (row: HTMLTableRowElement) =>
    [...row.cells].filter((_, index) => index === 0 || (index >= before && shownColumns[index - before]));
  const move: MatrixControl['move'] = (key) => {
    const rows = bodies.flatMap((body) => body.rows).filter((row) => !row.classList.contains('hidden'));
    const cell = document.activeElement?.closest<HTMLTableCellElement>('#matrix tr[data-program] > :is(th, td)');
    const at = rows.findIndex((row) => row === cell?.parentElement);
    const column = cell && rows[at] ? links(rows[at]).indexOf(cell) : -1;
    const go = (target: HTMLTableCellElement | undefined) => {
      target?.querySelector<HTMLElement>('a')?.focus();
      target?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      return true;
    };
    if (key === 'n' || key === 'p') {
      const all = rows.flatMap(links);
      const bad = all.flatMap((each, index) => (['fail', 'xpass', 'infra'].includes(each.dataset['s'] ?? '') ? [index] : []));
      const here = cell ? all.indexOf(cell) : -1;
      const next = key === 'n' ? (bad.find((index) => index > here) ?? bad[0]) : (bad.findLast((index) => index < here) ?? bad.at(-1));
      return next === undefined ? false : go(all[next]);
    }
    if (!cell) return false;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
    const row = rows[Math.min(rows.length - 1, Math.max(0, at + (step?.[0] ?? 0)))];
    return step === undefined || !row ? false : go(links(row)[Math.max(0, column + (step[1] ?? 0))]);
  };

  addEventListener('resize', measure);
  measure();
  // So that not even the first key waits for all cells to be read.
  setTimeout(() => {
    for (const row of bodies.flatMap(({ rows }) => rows)) {
      read(row);
      for (const link of row.querySelectorAll('a')) if (link !== document.activeElement) link.setAttribute('tabindex', '-1');
    }
    makeStop(document.activeElement?.closest<HTMLElement>('tr[data-program] a') ?? linkIn(bodies[0]?.rows[0]));
  }, 50);
  return { filter, move };
}

// The matrix as the reader filters it and goes through it by keys.
import type { FilterRow, parseFilter, wantsKernel, wantsRow } from './filter.ts';
import type { columnControl } from './columns.ts';
import type { rowControl } from './rows.ts';

export interface Language {
  parseFilter: typeof parseFilter;
  wantsKernel: typeof wantsKernel;
  wantsRow: typeof wantsRow;
}

/** What the matrix needs of other parts of the script. */
export interface MatrixParts extends Language {
  columnControl: typeof columnControl;
  rowControl: typeof rowControl;
}

export interface MatrixControl {
  /** Shows what a query asks for, of all rows or of those that differ or failed; returns how many rows are shown, of how many. */
  filter: (query: string, only: string) => { shown: number; all: number };
  /** Moves the focus from one cell to another, as an arrow key or `n` and `p` ask; false where the key means nothing here. */
  move: (key: string) => boolean;
}

/** Takes hold of the matrix in the page. */
export function matrixControl(parts: MatrixParts): MatrixControl {
  const bad = ['fail', 'xpass', 'infra'];
  const matrix = document.querySelector<HTMLTableElement>('#matrix');
  const columns = parts.columnControl(matrix);
  const bodies = [...(matrix?.tBodies ?? [])].map((body) => ({
    body,
    rows: [...body.rows].filter((row) => row.dataset['program'] !== undefined),
  }));
  const rows = parts.rowControl(bodies);
  const everyRow = bodies.flatMap((body) => body.rows);

  interface Seen {
    row: Pick<FilterRow, 'object' | 'program' | 'type'>;
    cells: { status: string; class: string; marks: string[]; text: string }[];
  }
  const seen = new Map<HTMLTableRowElement, Seen>();
  const read = (row: HTMLTableRowElement): Seen => {
    const known = seen.get(row);
    if (known) return known;
    const { object = '', program = '', type = '' } = row.dataset;
    const made = {
      row: { object: object.toLowerCase(), program: program.toLowerCase(), type: type.toLowerCase() },
      cells: [...row.cells].slice(columns.before).map(({ dataset, firstElementChild, textContent }) => ({
        status: dataset['s'] ?? '',
        class: dataset['class'] ?? '',
        marks: dataset['is']?.split(' ') ?? [],
        text: `${textContent ?? ''} ${firstElementChild?.getAttribute('title') ?? ''}`.toLowerCase(),
      })),
    };
    seen.set(row, made);
    return made;
  };

  /** What is asked of a row, by the columns that are shown; forgotten when those change. */
  const asked = new Map<HTMLTableRowElement, FilterRow>();
  const factsOf = (row: HTMLTableRowElement): FilterRow => {
    const known = asked.get(row);
    if (known) return known;
    const { row: names, cells: all } = read(row);
    const shown = columns.shown();
    const cells = all.filter((cell, index) => shown[index] && cell.status !== '');
    const made = {
      ...names,
      statuses: cells.map((cell) => cell.status),
      classes: cells.map((cell) => cell.class),
      marks: cells.flatMap((cell) => cell.marks),
      texts: cells.map((cell) => cell.text),
    };
    asked.set(row, made);
    return made;
  };

  const wanted = (facts: FilterRow, terms: ReturnType<Language['parseFilter']>, only: string) => {
    if (only === 'failures' && !facts.statuses.some((status) => bad.includes(status))) return false;
    if (only === 'differs' && new Set(facts.statuses).size < 2) return false;
    return parts.wantsRow(terms, facts);
  };

  const filter: MatrixControl['filter'] = (query, only) => {
    const terms = parts.parseFilter(query);
    const changed = columns.show(columns.texts.map((text) => parts.wantsKernel(terms, text)));
    if (changed) asked.clear();
    const everything = terms.every(({ key }) => key === 'k' || key === 'arch') && only === 'all';
    const shown = rows.show((row) => everything || wanted(factsOf(row), terms, only), changed);
    // What is hidden cannot be come to.
    if (stop?.closest('.gone, .hidden')) makeStop(linkIn(everyRow.find((row) => !row.closest('.gone, .hidden'))));
    return { shown, all: everyRow.length };
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
  const links = (row: HTMLTableRowElement) => [...row.cells].filter((_, index) => index === 0 || columns.shown()[index - columns.before]);
  const move: MatrixControl['move'] = (key) => {
    rows.settle();
    const shown = everyRow.filter((row) => !row.classList.contains('hidden'));
    const cell = document.activeElement?.closest<HTMLTableCellElement>('#matrix tr[data-program] > :is(th, td)');
    const at = shown.findIndex((row) => row === cell?.parentElement);
    const column = cell && shown[at] ? links(shown[at]).indexOf(cell) : -1;
    const go = (target: HTMLTableCellElement | undefined) => {
      target?.querySelector<HTMLElement>('a')?.focus();
      target?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      return true;
    };
    if (key === 'n' || key === 'p') {
      const all = shown.flatMap(links);
      const places = all.flatMap((each, index) => (bad.includes(each.dataset['s'] ?? '') ? [index] : []));
      const here = cell ? all.indexOf(cell) : -1;
      const next =
        key === 'n' ? (places.find((index) => index > here) ?? places[0]) : (places.findLast((index) => index < here) ?? places.at(-1));
      return next === undefined ? false : go(all[next]);
    }
    if (!cell) return false;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[key];
    const row = shown[Math.min(shown.length - 1, Math.max(0, at + (step?.[0] ?? 0)))];
    return step === undefined || !row ? false : go(links(row)[Math.max(0, column + (step[1] ?? 0))]);
  };

  // So that not even the first key waits for all cells to be read, and none waits long for this.
  const prepare = (from: number) => {
    for (const row of everyRow.slice(from, from + 10)) {
      factsOf(row);
      for (const link of row.querySelectorAll('a')) if (link !== document.activeElement) link.setAttribute('tabindex', '-1');
    }
    if (from + 10 < everyRow.length) setTimeout(prepare, 0, from + 10);
    else makeStop(document.activeElement?.closest<HTMLElement>('tr[data-program] a') ?? linkIn(everyRow[0]));
  };
  setTimeout(prepare, 50, 0);
  return { filter, move };
}

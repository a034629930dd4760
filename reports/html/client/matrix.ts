// The matrix: filters its rows and columns, and moves through it by keys.
import { ATTENTION } from '../shared/looks.ts';
import { controlColumns } from './columns.ts';
import { type FilterRow, parseFilter, type Term, wantsKernel, wantsRow } from './filter.ts';
import { controlFocus } from './matrix-focus.ts';
import { rowFacts } from './row-facts.ts';
import { controlRows } from './rows.ts';

/** The rows that a query searches: all, those with something unexpected, or those that differ between kernels. */
export type Rows = 'all' | 'failures' | 'differs';

/** How many of all rows are shown. */
export interface Filtered {
  shown: number;
  all: number;
}

export interface Matrix {
  /** Shows the rows and kernels that a query matches. */
  filter: (query: string, rows: Rows) => Filtered;
  /** Moves the focus to another cell for a key. Returns false if the key has no meaning here. */
  move: (key: string) => boolean;
}

/** Rows are read after this time in ms, a few at a time, so that no key has to wait until all cells are read. */
const PREPARE_AFTER_MS = 50;
const PREPARED_TOGETHER = 10;

const isAboutKernels = ({ key }: Term) => key === 'k' || key === 'arch';

function isWanted(facts: FilterRow, terms: readonly Term[], rows: Rows): boolean {
  if (rows === 'failures' && !facts.statuses.some((status) => ATTENTION.includes(status))) return false;
  if (rows === 'differs' && new Set(facts.statuses).size < 2) return false;
  return wantsRow(terms, facts);
}

/** Does something with each item, a few at a time, so that the page can handle keys in between. */
function inTurns<Item>(items: readonly Item[], work: (item: Item) => void, done: () => void): void {
  const next = (from: number) => {
    items.slice(from, from + PREPARED_TOGETHER).forEach(work);
    if (from + PREPARED_TOGETHER < items.length) setTimeout(next, 0, from + PREPARED_TOGETHER);
    else done();
  };
  setTimeout(next, PREPARE_AFTER_MS, 0);
}

/** Controls the matrix in the page. */
export function controlMatrix(): Matrix {
  const matrix = document.querySelector<HTMLTableElement>('#matrix');
  const columns = controlColumns(matrix);
  const objects = [...(matrix?.tBodies ?? [])].map((body) => ({
    body,
    rows: [...body.rows].filter((row) => row.dataset['program'] !== undefined),
  }));
  const all = objects.flatMap(({ rows }) => rows);
  const visible = controlRows(objects);
  const facts = rowFacts(columns);
  const focus = controlFocus(matrix, all, columns, visible.settle);

  const filter: Matrix['filter'] = (query, rows) => {
    const terms = parseFilter(query);
    const columnsChanged = columns.show(columns.texts.map((text) => wantsKernel(terms, text)));
    if (columnsChanged) facts.forget();
    const wantsAll = rows === 'all' && terms.every(isAboutKernels);
    const shown = visible.show((row) => wantsAll || isWanted(facts.of(row), terms, rows), columnsChanged);
    focus.leaveHidden();
    return { shown, all: all.length };
  };

  const prepare = (row: HTMLTableRowElement) => {
    facts.of(row);
    focus.leaveOut(row);
  };
  inTurns(all, prepare, focus.begin);
  return { filter, move: focus.move };
}

// The matrix as the reader filters it and goes through it by keys.
import { ATTENTION } from '../shared/looks.ts';
import { takeColumns } from './columns.ts';
import { type FilterRow, parseFilter, type Term, wantsKernel, wantsRow } from './filter.ts';
import { takeFocus } from './matrix-focus.ts';
import { rowFacts } from './row-facts.ts';
import { takeRows } from './rows.ts';

/** Which rows a query is asked of: all, those with something unexpected, those that differ from kernel to kernel. */
export type Rows = 'all' | 'failures' | 'differs';

/** How many rows are shown, of how many. */
export interface Filtered {
  shown: number;
  all: number;
}

export interface Matrix {
  /** Shows what a query asks for. */
  filter: (query: string, rows: Rows) => Filtered;
  /** Moves the focus from one cell to another as a key asks; false when the key means nothing here. */
  move: (key: string) => boolean;
}

/** Rows are prepared after so many ms, so many at a time: not even the first key waits for all cells to be read. */
const PREPARE_AFTER_MS = 50;
const PREPARED_TOGETHER = 10;

const isAboutKernels = ({ key }: Term) => key === 'k' || key === 'arch';

function isWanted(facts: FilterRow, terms: readonly Term[], rows: Rows): boolean {
  if (rows === 'failures' && !facts.statuses.some((status) => ATTENTION.includes(status))) return false;
  if (rows === 'differs' && new Set(facts.statuses).size < 2) return false;
  return wantsRow(terms, facts);
}

/** Does something with each item, some at a time, so that keys come between. */
function inTurns<Item>(items: readonly Item[], work: (item: Item) => void, done: () => void): void {
  const next = (from: number) => {
    items.slice(from, from + PREPARED_TOGETHER).forEach(work);
    if (from + PREPARED_TOGETHER < items.length) setTimeout(next, 0, from + PREPARED_TOGETHER);
    else done();
  };
  setTimeout(next, PREPARE_AFTER_MS, 0);
}

/** Takes hold of the matrix in the page. */
export function takeMatrix(): Matrix {
  const matrix = document.querySelector<HTMLTableElement>('#matrix');
  const columns = takeColumns(matrix);
  const objects = [...(matrix?.tBodies ?? [])].map((body) => ({
    body,
    rows: [...body.rows].filter((row) => row.dataset['program'] !== undefined),
  }));
  const all = objects.flatMap(({ rows }) => rows);
  const visible = takeRows(objects);
  const facts = rowFacts(columns);
  const focus = takeFocus(matrix, all, columns, visible.settle);

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

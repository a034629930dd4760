// The facts of the rows of the matrix, for the filter. Each cell is read only once, because reading takes time.
import { COLUMNS_BEFORE, type Columns } from './columns.ts';
import type { FilterRow } from './filter.ts';

/** A row with all its cells, shown or not. */
interface ReadRow {
  names: Pick<FilterRow, 'object' | 'program' | 'type' | 'loader'>;
  cells: { status: string; class: string; marks: string[]; text: string }[];
}

function read(row: HTMLTableRowElement): ReadRow {
  const { object = '', program = '', type = '' } = row.dataset;
  const { loader = '' } = row.closest('tbody')?.dataset ?? {};
  return {
    names: { object: object.toLowerCase(), program: program.toLowerCase(), type: type.toLowerCase(), loader: loader.toLowerCase() },
    cells: [...row.cells].slice(COLUMNS_BEFORE).map(({ dataset, firstElementChild, textContent }) => ({
      status: dataset['s'] ?? '',
      class: dataset['class'] ?? '',
      marks: dataset['is']?.split(' ') ?? [],
      text: `${textContent ?? ''} ${firstElementChild?.getAttribute('title') ?? ''}`.toLowerCase(),
    })),
  };
}

function factsOf({ names, cells }: ReadRow, shown: readonly boolean[]): FilterRow {
  const own = cells.filter((cell, index) => shown[index] && cell.status !== '');
  return {
    ...names,
    statuses: own.map((cell) => cell.status),
    classes: own.map((cell) => cell.class),
    marks: own.flatMap((cell) => cell.marks),
    texts: own.map((cell) => cell.text),
  };
}

/** Returns the value for a row, and makes it only once. */
function once<Value>(known: Map<HTMLTableRowElement, Value>, row: HTMLTableRowElement, make: () => Value): Value {
  const before = known.get(row);
  if (before !== undefined) return before;
  const value = make();
  known.set(row, value);
  return value;
}

/** The facts of rows that a query can match. */
export interface RowFacts {
  /** The facts of a row, from the columns that are shown. */
  of: (row: HTMLTableRowElement) => FilterRow;
  /** Call this after columns are shown or hidden. */
  forget: () => void;
}

/** Reads the facts of rows with these columns. */
export function rowFacts(columns: Columns): RowFacts {
  const rows = new Map<HTMLTableRowElement, ReadRow>();
  const facts = new Map<HTMLTableRowElement, FilterRow>();
  const of = (row: HTMLTableRowElement) =>
    once(facts, row, () =>
      factsOf(
        once(rows, row, () => read(row)),
        columns.shown(),
      ),
    );
  return { of, forget: () => facts.clear() };
}

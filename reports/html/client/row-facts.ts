// The rows of the matrix as the filter sees them. Reading a cell takes time, so that each is read once.
import { COLUMNS_BEFORE, type Columns } from './columns.ts';
import type { FilterRow } from './filter.ts';

/** A row with all its cells, whether they are shown or not. */
interface ReadRow {
  names: Pick<FilterRow, 'object' | 'program' | 'type'>;
  cells: { status: string; class: string; marks: string[]; text: string }[];
}

function read(row: HTMLTableRowElement): ReadRow {
  const { object = '', program = '', type = '' } = row.dataset;
  return {
    names: { object: object.toLowerCase(), program: program.toLowerCase(), type: type.toLowerCase() },
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

/** The value for a row, made once. */
function once<Value>(known: Map<HTMLTableRowElement, Value>, row: HTMLTableRowElement, make: () => Value): Value {
  const before = known.get(row);
  if (before !== undefined) return before;
  const value = make();
  known.set(row, value);
  return value;
}

/** What a query can ask of rows. */
export interface RowFacts {
  /** The facts of a row, from the columns that are shown. */
  of: (row: HTMLTableRowElement) => FilterRow;
  /** To be called when columns come or go. */
  forget: () => void;
}

/** The facts of rows, for these columns. */
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

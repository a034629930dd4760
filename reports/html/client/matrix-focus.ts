// The focus in the matrix. Tab leads to the cell that had the focus last. Arrows, `n` and `p` lead to the others.
import { ATTENTION } from '../shared/looks.ts';
import { COLUMNS_BEFORE, type Columns } from './columns.ts';

/** How many rows down and cells to the right each key moves. */
const STEPS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

type Row = HTMLTableRowElement;
type Cell = HTMLTableCellElement;

const linkIn = (row: Row | undefined) => row?.querySelector<HTMLElement>('th a');

const focusedCell = () => document.activeElement?.closest<Cell>('#matrix tr[data-program] > :is(th, td)');

function go(target: Cell | undefined): boolean {
  target?.querySelector('a')?.focus();
  target?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  return true;
}

/** The next or previous cell that needs attention. After the last comes the first. */
function attentionCell(cells: readonly Cell[], key: 'n' | 'p'): Cell | undefined {
  const focused = focusedCell();
  const here = focused ? cells.indexOf(focused) : -1;
  const positions = cells.flatMap((cell, at) => (ATTENTION.includes(cell.dataset['s'] ?? '') ? [at] : []));
  const next =
    key === 'n' ? (positions.find((at) => at > here) ?? positions[0]) : (positions.findLast((at) => at < here) ?? positions.at(-1));
  return next === undefined ? undefined : cells[next];
}

export interface MatrixFocus {
  /** Moves the focus for a key. Returns false if the key has no meaning here. */
  move: (key: string) => boolean;
  /** Removes all cells of a row from the order of Tab. */
  leaveOut: (row: Row) => void;
  /** Chooses the first cell for Tab, after all rows are removed from its order. */
  begin: () => void;
  /** Chooses another cell for Tab if the current one is hidden. */
  leaveHidden: () => void;
}

/** Controls the focus. `settled` draws all rows that are shown, because rows that are not drawn cannot take the focus. */
export function controlFocus(matrix: HTMLTableElement | null, rows: readonly Row[], columns: Columns, settled: () => void): MatrixFocus {
  let stop: HTMLElement | null = null;
  const makeStop = (link: HTMLElement | null | undefined) => {
    if (!link || link === stop) return;
    stop?.setAttribute('tabindex', '-1');
    link.setAttribute('tabindex', '0');
    stop = link;
  };
  matrix?.addEventListener('focusin', ({ target }) => {
    if (target instanceof HTMLElement && target.closest('tr[data-program]')) makeStop(target);
  });

  /** The program and its cells that are shown. */
  const cellsOf = (row: Row) => [...row.cells].filter((_, index) => index === 0 || columns.shown()[index - COLUMNS_BEFORE]);

  const moveByArrow = (shown: readonly Row[], key: string) => {
    const cell = focusedCell();
    const step = STEPS[key];
    if (!cell || !step) return false;
    const [down, right] = step;
    const at = shown.findIndex((row) => row === cell.parentElement);
    const column = shown[at] ? cellsOf(shown[at]).indexOf(cell) : -1;
    const row = shown[Math.min(shown.length - 1, Math.max(0, at + down))];
    return row ? go(cellsOf(row)[Math.max(0, column + right)]) : false;
  };

  const move = (key: string) => {
    settled();
    const shown = rows.filter((row) => !row.classList.contains('hidden'));
    if (key !== 'n' && key !== 'p') return moveByArrow(shown, key);
    const cell = attentionCell(shown.flatMap(cellsOf), key);
    return cell ? go(cell) : false;
  };

  const leaveOut = (row: Row) => {
    for (const link of row.querySelectorAll('a')) if (link !== document.activeElement) link.setAttribute('tabindex', '-1');
  };

  const begin = () => makeStop(document.activeElement?.closest<HTMLElement>('tr[data-program] a') ?? linkIn(rows[0]));
  const leaveHidden = () => {
    if (stop?.closest('.gone, .hidden')) makeStop(linkIn(rows.find((row) => !row.closest('.gone, .hidden'))));
  };
  return { move, leaveOut, begin, leaveHidden };
}
